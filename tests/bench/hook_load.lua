-- wrk: signed webhooks, each another one, read from a file of SIGNATURE SP BODY lines.
local requests, at = {}, 0
function init(arguments)
  for line in io.lines(arguments[1]) do
    local signature, body = line:match("^(%S+) (.*)$")
    local headers = {["X-Signature"] = signature, ["Content-Type"] = "application/json", ["User-Agent"] = "provider-callback/2.1"}
    requests[#requests + 1] = wrk.format("POST", wrk.path, headers, body)
  end
  at = math.random(#requests)
end
function request()
  at = at % #requests + 1
  return requests[at]
end

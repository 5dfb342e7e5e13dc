//! SMS over HTTP, as ../sms_http is in C++: POST /messages with a bearer token; signed webhooks say what became of each
//! message. Asynchronous, as the C interface is: submit starts one HTTP call per message, whose token is the message's, and
//! replied ends that token with what the answer means.
mod abi;
mod json;
mod sha256;

use abi::*;
use std::cell::RefCell;
use std::ffi::CStr;
use std::mem::size_of;
use std::os::raw::{c_char, c_void};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr::{null, null_mut};

struct Sms {
    host: *const Host,
    http: *const Http,
    open: RefCell<Vec<u64>>, // calls whose reply has not come: touched by [serial] functions alone
    url: Vec<u8>,
    authorization: Vec<u8>,
    secret: Vec<u8>,
}

/// How a message ends.
struct End<'a> {
    outcome: u32,
    failure: u32,
    code: &'a str,
    reference: &'a [u8],
    retry_after_ms: i64,
    whole_instance: bool,
}
impl Default for End<'_> {
    fn default() -> Self {
        End { outcome: OUT_UNKNOWN, failure: FAIL_NONE, code: "http", reference: b"", retry_after_ms: 0, whole_instance: false }
    }
}

impl Sms {
    unsafe fn end(&self, token: u64, end: &End) {
        let reference = Str::of(end.reference);
        let result = MessageResult {
            size: size_of::<MessageResult>() as u32,
            outcome: end.outcome,
            token,
            failure: end.failure,
            flags: if end.whole_instance { RESULT_WHOLE_INSTANCE } else { 0 },
            refs: &reference,
            ref_count: usize::from(!end.reference.is_empty()),
            code: Str::of(end.code.as_bytes()),
            text: Str::EMPTY,
            retry_after_ms: end.retry_after_ms,
            price: null(),
            pieces: 0,
            zero: 0,
        };
        ((*self.host).complete)(self.host, &(&result as *const _), 1);
    }

    unsafe fn send(&self, message: &Message) {
        let parts = slice(message.parts, message.part_count);
        let text = parts.iter().map(|part| &**part).find(|part| part.role.bytes() == b"text");
        let body = json::object(&[
            ("to", (*message.addressee).address.bytes()),
            ("text", text.map_or(&b""[..], |part| part.bytes.bytes())),
            ("client_ref", message.idempotency_key.bytes()),
        ]);
        let headers = [
            Kv { key: Str::of(b"authorization"), value: Str::of(&self.authorization) },
            Kv { key: Str::of(b"content-type"), value: Str::of(b"application/json") },
        ];
        let call = HttpCall {
            size: size_of::<HttpCall>() as u32,
            flags: 0,
            token: message.token,
            method: Str::of(b"POST"),
            url: Str::of(&self.url),
            headers: headers.as_ptr(),
            header_count: headers.len(),
            body: Str::of(&body),
            not_after_ms: message.not_after_ms, // the host looks at it right before the first byte
            connect_timeout_ms: 0,
            timeout_ms: 0,
            reply_max: 0,
        };
        if ((*self.http).send)(self.host, &call) != OK {
            return self.end(message.token, &End { outcome: OUT_NOT_SENT, failure: FAIL_TEMPORARY, ..End::default() });
        }
        self.open.borrow_mut().push(message.token);
    }

    unsafe fn take_reply(&self, reply: &HttpReply) {
        self.open.borrow_mut().retain(|token| *token != reply.token);
        let code = format!("http {}", reply.status);
        let not_sent = |failure| End { outcome: OUT_NOT_SENT, failure, ..End::default() };
        let answered = End { code: &code, ..End::default() };
        let paused = |failure| End {
            outcome: OUT_NOT_SENT,
            failure,
            code: &code,
            retry_after_ms: retry_after_ms(unsafe { slice(reply.headers, reply.header_count) }),
            whole_instance: true,
            ..End::default()
        };
        match (reply.result, reply.status) {
            (HTTP_NOT_SENT, _) => self.end(reply.token, &not_sent(FAIL_TEMPORARY)),
            (HTTP_REPLIED, 200..=299) => {
                let id = json::text(reply.body.bytes(), "id").unwrap_or_default();
                self.end(reply.token, &End { outcome: OUT_ACCEPTED, code: "", reference: &id, ..End::default() });
            }
            // Not about this message: the settings are wrong.
            (HTTP_REPLIED, 401..=405 | 407) => self.end(reply.token, &paused(FAIL_CONFIGURATION)),
            // This provider says that it took nothing then.
            (HTTP_REPLIED, 429 | 503) => self.end(reply.token, &paused(FAIL_TEMPORARY)),
            (HTTP_REPLIED, 408 | 409) => self.end(reply.token, &answered),
            (HTTP_REPLIED, 400..=499) => {
                self.end(reply.token, &End { outcome: OUT_REJECTED, failure: FAIL_POLICY, ..answered });
            }
            (HTTP_REPLIED, _) => self.end(reply.token, &answered),
            _ => self.end(reply.token, &End::default()),
        }
    }

    unsafe fn read(&self, raw: &Raw) {
        let bytes = raw.bytes.bytes();
        let body = bytes.windows(4).position(|four| four == b"\r\n\r\n").map_or(&b""[..], |at| &bytes[at + 4..]);
        let id = json::text(body, "id").unwrap_or_default();
        let status = json::text(body, "status").unwrap_or_default();
        let kind = match &status[..] {
            b"delivered" => RCPT_DELIVERED,
            b"failed" => RCPT_FAILED,
            _ => RCPT_INTERIM,
        };
        let receipt = Receipt {
            size: size_of::<Receipt>() as u32,
            kind,
            reference: Str::of(&id),
            idempotency_key: Str::EMPTY,
            part_index: 0,
            part_count: 1,
            flags: if kind == RCPT_INTERIM { 0 } else { RECEIPT_FINAL },
            failure: FAIL_NONE,
            code: Str::EMPTY,
            text: Str::EMPTY,
            provider_time_ms: 0,
            price: null(),
            evidence: null(),
            evidence_count: 0,
        };
        let receipts = &receipt as *const Receipt;
        let parsed = Parsed {
            size: size_of::<Parsed>() as u32,
            status: if id.is_empty() { PARSED_UNREADABLE } else { PARSED_OK },
            token: raw.token,
            receipts: &receipts,
            receipt_count: usize::from(!id.is_empty()),
            replies: null(),
            reply_count: 0,
            error: if id.is_empty() { Str::of(b"no message is named") } else { Str::EMPTY },
        };
        ((*self.host).parsed)(self.host, &(&parsed as *const _), 1);
    }
}

/// Seconds only, and no more than a day of them: a date is taken as "not said".
fn retry_after_ms(headers: &[Kv]) -> i64 {
    let value = headers.iter().find(|field| unsafe { field.key.bytes() } == b"retry-after");
    let seconds = value.and_then(|field| std::str::from_utf8(unsafe { field.value.bytes() }).ok()?.parse::<u32>().ok());
    seconds.map_or(0, |s| i64::from(s.min(86_400)) * 1000)
}

unsafe fn slice<'a, T>(data: *const T, count: usize) -> &'a [T] {
    if count == 0 {
        return &[];
    }
    std::slice::from_raw_parts(data, count)
}
unsafe fn sms<'a>(instance: *mut Instance) -> &'a Sms {
    &*instance.cast()
}
/// No panic crosses the border; what it left open the host makes up as UNKNOWN.
fn guarded<T>(otherwise: T, run: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or(otherwise)
}

unsafe extern "C" fn create(host: *const Host, _: Str, settings: Str, _: *const c_void, out: *mut *mut Instance) -> i32 {
    guarded(E_INTERNAL, || {
        let setting = |name| json::text(settings.bytes(), name);
        let (Some(url), Some(token), Some(secret)) = (setting("url"), setting("token"), setting("secret")) else {
            return E_INTERNAL; // the schema sees to it that they are there
        };
        let sms = Sms {
            host,
            http: null(),
            open: RefCell::default(),
            url: [&url[..], b"/messages"].concat(),
            authorization: [&b"Bearer "[..], &token].concat(),
            secret,
        };
        if !out.is_null() {
            *out = Box::into_raw(Box::new(sms)).cast();
        }
        OK
    })
}
unsafe extern "C" fn traits(_: *mut Instance) -> *const Traits {
    static TRAITS: Shared<Traits> = Shared(Traits {
        size: size_of::<Traits>() as u32,
        capabilities: CAP_WEBHOOK,
        max_in_flight: 64,
        flags: 0,
        idempotency_window_ms: 0,
        not_found_certain_after_ms: 0,
        expected_receipts: null(),
        expected_receipt_count: 0,
    });
    &TRAITS.0
}
unsafe extern "C" fn start(instance: *mut Instance) -> i32 {
    let sms: &mut Sms = &mut *instance.cast();
    sms.http = ((*sms.host).extension)(sms.host, HTTP_ID.as_ptr().cast()).cast();
    if sms.http.is_null() { E_INTERNAL } else { OK }
}
unsafe extern "C" fn submit(instance: *mut Instance, messages: *const *const Message, count: usize) {
    for &message in slice(messages, count) {
        guarded((), || sms(instance).send(&*message));
    }
}
unsafe extern "C" fn replied(instance: *mut Instance, replies: *const *const HttpReply, count: usize) {
    for &reply in slice(replies, count) {
        guarded((), || sms(instance).take_reply(&*reply));
    }
}
unsafe extern "C" fn parse(instance: *mut Instance, raws: *const *const Raw, count: usize) {
    for &raw in slice(raws, count) {
        guarded((), || sms(instance).read(&*raw));
    }
}
unsafe extern "C" fn authenticate(instance: *mut Instance, request: *const HttpRequest, _: *const c_void) -> u32 {
    guarded(AUTH_FORGED, || {
        let expected = sha256::hmac_hex(&sms(instance).secret, (*request).body.bytes());
        let headers = slice((*request).headers, (*request).header_count);
        let Some(given) = headers.iter().find(|field| field.key.bytes() == b"x-signature") else {
            return AUTH_FORGED;
        };
        let given = given.value.bytes();
        // As long for any signature.
        let difference = expected.bytes().zip(given).fold(0, |all, (a, b)| all | (a ^ b));
        if given.len() == expected.len() && difference == 0 { AUTH_GENUINE } else { AUTH_FORGED }
    })
}
/// Gives up what is open: each call still gets its reply, NOT_SENT or UNKNOWN, and each reply ends its message.
unsafe extern "C" fn stop(instance: *mut Instance, _grace_ms: u32) {
    guarded((), || {
        let sms = sms(instance);
        for &token in sms.open.borrow().iter() {
            ((*sms.http).cancel)(sms.host, token);
        }
    });
}
unsafe extern "C" fn destroy(instance: *mut Instance) {
    drop(Box::<Sms>::from_raw(instance.cast()));
}
unsafe extern "C" fn extension(_: *mut Instance, id: *const c_char) -> *const c_void {
    static CLIENT: HttpClient = HttpClient { size: size_of::<HttpClient>() as u32, zero: 0, replied };
    if CStr::from_ptr(id).to_bytes_with_nul() == HTTP_ID {
        return (&CLIENT as *const HttpClient).cast();
    }
    null()
}

static DESCRIPTOR: Shared<Descriptor> = Shared(Descriptor {
    size: size_of::<Descriptor>() as u32,
    abi_minor: ABI_MINOR,
    min_host_minor: 0,
    capabilities: CAP_WEBHOOK,
    id: c"com.example.sms-http-rust".as_ptr(),
    driver: c"http".as_ptr(),
    name: c"SMS over HTTP, in Rust".as_ptr(),
    version: c"1.0".as_ptr(),
    vendor: c"Example".as_ptr(),
    channel: c"sms".as_ptr(),
    settings_schema: cr#"{"type": "object", "required": ["url", "token", "secret"], "additionalProperties": false,
        "properties": {"url": {"type": "string", "pattern": "^https?://"}, "token": {"type": "string"},
        "secret": {"type": "string"}}}"#.as_ptr(),
});

static PLUGIN: Shared<Plugin> = Shared(Plugin {
    size: size_of::<Plugin>() as u32,
    zero: 0,
    descriptor: &DESCRIPTOR.0,
    create,
    traits,
    start,
    submit,
    stop,
    destroy,
    commit: None,
    discard: None,
    recall: None,
    query: None,
    stored: None,
    room: None,
    parse: Some(parse),
    poll: None,
    wake: None,
    authenticate: Some(authenticate),
    quote: None,
    extension: Some(extension),
});

#[no_mangle]
pub extern "C" fn relance_plugin_v1(index: u32) -> *const Plugin {
    if index == 0 { &PLUGIN.0 } else { null_mut() }
}

# Runs at installation: the configuration and the systemd unit with the paths of this prefix in them.
#
# /usr, /usr/local and /opt/…: a service of the system; its state is /var/lib/relance, its socket /run/relance, both made by
# systemd for a user of its own. Any other prefix is complete in itself, state and socket too, and can be thrown away.
set(prefix "${CMAKE_INSTALL_PREFIX}")
string(REGEX REPLACE "(.)/+$" "\\1" prefix "${prefix}")
set(etc "${prefix}/etc/relance")
if(prefix STREQUAL "/usr")
  set(etc "/etc/relance")
endif()
set(state "/var/lib/relance")
set(run "/run/relance")
set(is_private FALSE)
if(NOT prefix MATCHES "^/(usr|usr/local|opt/.+)$")
  set(is_private TRUE)
  set(state "${prefix}/var/lib/relance")
  set(run "${prefix}/run/relance")
endif()
set(stage "$ENV{DESTDIR}")

# replace_once(FILE OLD NEW): the shipped file must say OLD, or this script no longer fits it.
function(replace_once file old new)
  file(READ "${file}" text)
  string(FIND "${text}" "${old}" first)
  string(FIND "${text}" "${old}" last REVERSE)
  if(first EQUAL -1 OR NOT first EQUAL last)
    message(FATAL_ERROR "${file}: '${old}' is expected once")
  endif()
  string(REPLACE "${old}" "${new}" text "${text}")
  file(WRITE "${file}" "${text}")
endfunction()

if(EXISTS "${stage}${etc}/relanced.toml")
  message(STATUS "Kept: ${etc} (the configuration as shipped: ${prefix}/share/doc/relance/config)")
else()
  # Every file in providers/ is a provider that starts, and wants its secrets: the others are examples in share/doc.
  file(COPY "${relance_source}/config/" DESTINATION "${stage}${etc}" PATTERN systemd EXCLUDE REGEX "/providers/[^/]+\\.toml$" EXCLUDE)
  file(COPY "${relance_source}/config/providers/smtp.toml" DESTINATION "${stage}${etc}/providers")
  file(MAKE_DIRECTORY "${stage}${etc}/secrets")
  file(CHMOD "${stage}${etc}/secrets" PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
  replace_once("${stage}${etc}/relanced.toml" "state = \"/var/lib/relance\"" "state = \"${state}\"")
  replace_once("${stage}${etc}/relanced.toml" "\"/run/relance/control.sock\"" "\"${run}/control.sock\"")
  replace_once("${stage}${etc}/relanced.toml" "\"/usr/lib/relance/plugins\"" "\"${prefix}/lib/relance/plugins\"")
  message(STATUS "Installing: ${etc}")
endif()

set(unit "${stage}${prefix}/lib/systemd/system/relanced.service")
file(COPY "${relance_source}/config/systemd/relanced.service" DESTINATION "${stage}${prefix}/lib/systemd/system")
replace_once("${unit}" "ExecStart=/usr/bin/relanced --config /etc/relance/relanced.toml"
                       "ExecStart=${prefix}/bin/relanced --config ${etc}/relanced.toml")
replace_once("${unit}" "file:///usr/share/doc/relance/" "file://${prefix}/share/doc/relance/")
replace_once("${unit}" "LoadCredential=bounces-password:/etc/relance/" "LoadCredential=bounces-password:${etc}/")
if(is_private)
  file(MAKE_DIRECTORY "${stage}${state}" "${stage}${run}")
  # systemd makes users and folders only under /var and /run.
  replace_once("${unit}" "DynamicUser=yes\nStateDirectory=relance\nStateDirectoryMode=0700\nRuntimeDirectory=relance\nRuntimeDirectoryMode=0700\n"
    "# Installed outside of /usr: make this user, and give it the two folders (chown relance).\nReadWritePaths=${state} ${run}\n")
endif()
message(STATUS "Installing: ${unit}")

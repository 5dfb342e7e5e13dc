# relance_gateway_profiles(header namespace FILES a.json …): the descriptions that a driver ships, as kProfiles in that header.
function(relance_gateway_profiles header namespace)
  cmake_parse_arguments(arg "" "" "FILES" ${ARGN})
  set(list "")
  foreach(file ${arg_FILES})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
    file(READ "${file}" json)
    get_filename_component(name "${file}" NAME_WE)
    string(APPEND list "    {\"${name}\", R\"profile(${json})profile\"},\n")
  endforeach()
  file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/${header}" @ONLY CONTENT
"// Made from the driver's profiles.
#pragma once

#include \"plugins/protocol/gateway/profile.hpp\"

namespace @namespace@ {
inline constexpr relance::gateway::Profile kProfiles[]{
@list@};
}
")
endfunction()

# relance_gateway_schema(header namespace FILES own.json more.json …): a driver's schema with the properties of the others (and
# of descriptions) added, as kSettingsSchema in that header.
function(relance_gateway_schema header namespace)
  cmake_parse_arguments(arg "" "" "FILES" ${ARGN})
  list(POP_FRONT arg_FILES own)
  file(READ "${own}" schema)
  foreach(file ${arg_FILES} "${CMAKE_SOURCE_DIR}/plugins/protocol/gateway/schema.json")
    file(READ "${file}" shared)
    string(JSON count LENGTH "${shared}" properties)
    math(EXPR last "${count} - 1")
    foreach(index RANGE ${last})
      string(JSON name MEMBER "${shared}" properties ${index})
      string(JSON property GET "${shared}" properties "${name}")
      string(JSON schema SET "${schema}" properties "${name}" "${property}")
    endforeach()
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
  endforeach()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${own}")
  file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/${header}" @ONLY CONTENT
"// Made from schema.json, and from plugins/protocol/gateway/schema.json.
#pragma once

namespace @namespace@ {
inline constexpr const char *kSettingsSchema{R\"schema(@schema@)schema\"};
}
")
endfunction()

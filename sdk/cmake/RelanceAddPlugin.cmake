# relance_add_plugin(NAME SOURCES … [SCHEMA file.json] [LINK …] [OUTPUT_NAME n] [ALLOW_UNDEFINED]): a channel plugin, NAME.so. It
# exports its one entry symbol and nothing else, knows every symbol that it uses (unless ALLOW_UNDEFINED: sanitizers leave some
# to the program), and is never unloaded. SCHEMA: the settings' schema becomes RELANCE_SETTINGS_SCHEMA, a string literal, in the
# header "settings_schema.h".
#
# relance_check_plugin(NAME [PROFILE file] [ARGUMENTS …]): a test that holds the plugin to the contract with relance-check;
# skipped, and said so, where that program is not installed.
set(RELANCE_SDK_CMAKE_DIR "${CMAKE_CURRENT_LIST_DIR}")

function(relance_add_plugin name)
  cmake_parse_arguments(arg "ALLOW_UNDEFINED" "OUTPUT_NAME;SCHEMA" "SOURCES;LINK" ${ARGN})
  if(NOT arg_SOURCES)
    message(FATAL_ERROR "relance_add_plugin(${name} …): SOURCES is missing")
  endif()
  add_library(${name} MODULE ${arg_SOURCES})
  set_target_properties(${name} PROPERTIES PREFIX "" SUFFIX ".so" POSITION_INDEPENDENT_CODE ON
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    CXX_STANDARD 20 CXX_STANDARD_REQUIRED ON)
  if(arg_OUTPUT_NAME)
    set_target_properties(${name} PROPERTIES OUTPUT_NAME "${arg_OUTPUT_NAME}")
  endif()
  if(arg_SCHEMA)
    relance_settings_schema("${arg_SCHEMA}" "${CMAKE_CURRENT_BINARY_DIR}/${name}.schema/settings_schema.h")
    target_include_directories(${name} PRIVATE "${CMAKE_CURRENT_BINARY_DIR}/${name}.schema")
  endif()
  find_package(Threads REQUIRED)
  target_link_libraries(${name} PRIVATE RelanceSDK::relance_sdk Threads::Threads ${arg_LINK})
  target_link_options(${name} PRIVATE
    "LINKER:--version-script=${RELANCE_SDK_CMAKE_DIR}/plugin.map" LINKER:-z,nodelete)
  set_property(TARGET ${name} APPEND PROPERTY LINK_DEPENDS "${RELANCE_SDK_CMAKE_DIR}/plugin.map")
  if(NOT arg_ALLOW_UNDEFINED)
    target_link_options(${name} PRIVATE LINKER:-z,defs)
  endif()
endfunction()

# The file as a string literal that C and C++ take: a line a line.
function(relance_settings_schema schema header)
  get_filename_component(schema "${schema}" ABSOLUTE)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${schema}")
  file(READ "${schema}" text)
  string(REGEX REPLACE "\n$" "" text "${text}")
  string(REPLACE "\\" "\\\\" text "${text}")
  string(REPLACE "\"" "\\\"" text "${text}")
  string(REPLACE "\n" "\\n\" \\\n  \"" text "${text}")
  file(CONFIGURE OUTPUT "${header}" CONTENT "/* Made from @schema@. */\n#define RELANCE_SETTINGS_SCHEMA \\\n  \"@text@\"\n" @ONLY)
endfunction()

function(relance_check_plugin name)
  cmake_parse_arguments(arg "" "PROFILE" "ARGUMENTS" ${ARGN})
  set(words "$<TARGET_FILE:${name}>" ${arg_ARGUMENTS})
  if(arg_PROFILE)
    get_filename_component(profile "${arg_PROFILE}" ABSOLUTE)
    list(APPEND words --profile "${profile}")
  endif()
  find_program(RELANCE_CHECK relance-check HINTS "${RELANCE_SDK_CMAKE_DIR}/../../../bin")
  if(RELANCE_CHECK)
    add_test(NAME ${name}.relance_check COMMAND "${RELANCE_CHECK}" ${words})
    set_tests_properties(${name}.relance_check PROPERTIES TIMEOUT 300)
  else()
    add_test(NAME ${name}.relance_check COMMAND "${CMAKE_COMMAND}" -E echo "skipped: relance-check is not installed")
    set_tests_properties(${name}.relance_check PROPERTIES SKIP_REGULAR_EXPRESSION "skipped: relance-check")
  endif()
endfunction()

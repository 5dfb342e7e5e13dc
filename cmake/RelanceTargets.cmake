# The few kinds of target that the tree has.

# relance_library(name SOURCES … [LINK …] [PRIVATE_LINK …]): the static library of one concern, relance_<name>.
# Includes are written from the root of its tree: "host/domain/money.hpp", "plugins/protocol/mime/…", <relance/plugin.h>.
function(relance_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK;PRIVATE_LINK" ${ARGN})
  add_library(relance_${name} STATIC ${arg_SOURCES})
  target_include_directories(relance_${name} PUBLIC "${CMAKE_SOURCE_DIR}")
  target_link_libraries(relance_${name} PUBLIC relance_options ${arg_LINK} PRIVATE ${arg_PRIVATE_LINK})
  if(NOT name STREQUAL "pch")
    target_precompile_headers(relance_${name} REUSE_FROM relance_pch)
  endif()
endfunction()

# Freed memory is overwritten at once, so that what is read from it shows: also in libraries that no sanitizer sees (glibc's
# thread cache would hide it; an amount was once formatted from freed ICU memory, unseen by every sanitizer).
set(relance_freed_memory "MALLOC_PERTURB_=165;GLIBC_TUNABLES=glibc.malloc.tcache_count=0")
if(RELANCE_SANITIZE)
  set(relance_freed_memory "")  # they bring an allocator of their own
endif()

# The tests' own units, which need not be fast; what they test is compiled as everywhere. Half of their time in the compiler is
# spared, and 60 % with the address sanitizer.
set(relance_test_options $<$<CONFIG:Dev>:-O0>)

# relance_test(concern FILES a_test.cpp … [LINK …] [TIMEOUT s] [LABELS …]): one executable <concern>_tests; one CTest
# entry per file, <concern>.<a>, which runs the Boost.Test suite named <a>_test in it.
function(relance_test concern)
  cmake_parse_arguments(arg "" "TIMEOUT" "FILES;LINK;LABELS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  add_executable(${concern}_tests ${arg_FILES})
  target_link_libraries(${concern}_tests PRIVATE relance_test_main ${arg_LINK})
  target_compile_options(${concern}_tests PRIVATE ${relance_test_options})
  target_precompile_headers(${concern}_tests REUSE_FROM relance_test_main)
  if(NOT "peers" IN_LIST arg_LABELS)
    set_property(GLOBAL APPEND PROPERTY RELANCE_TESTS_WITHOUT_PEERS ${concern}_tests)
  endif()
  foreach(file ${arg_FILES})
    get_filename_component(suite "${file}" NAME_WE)
    string(REGEX REPLACE "_test$" "" stem "${suite}")
    add_test(NAME ${concern}.${stem} COMMAND ${concern}_tests --run_test=${suite} --log_level=test_suite
             --report_level=short --color_output=no)
    set_tests_properties(${concern}.${stem} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}"
      SKIP_REGULAR_EXPRESSION "all of this suite skipped:"
      ENVIRONMENT "RELANCE_SOURCE_DIR=${CMAKE_SOURCE_DIR};RELANCE_BUILD_DIR=${CMAKE_BINARY_DIR};${relance_freed_memory}")
  endforeach()
endfunction()

# relance_plugin(name SOURCES … [LINK …]): a channel plugin of this tree, built as any author's is (sdk/cmake), with this
# tree's warnings and sanitizers.
include("${CMAKE_SOURCE_DIR}/sdk/cmake/RelanceAddPlugin.cmake")
function(relance_plugin name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  set(more "")
  if(RELANCE_SANITIZE)
    set(more ALLOW_UNDEFINED)
  endif()
  relance_add_plugin(${name} SOURCES ${arg_SOURCES} LINK relance_options ${arg_LINK} ${more})
  set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/plugins")
  if(CMAKE_CURRENT_SOURCE_DIR MATCHES "^${CMAKE_SOURCE_DIR}/plugins/")  # not those of tests
    install(TARGETS ${name} LIBRARY DESTINATION lib/relance/plugins)
    set_property(GLOBAL APPEND PROPERTY RELANCE_PLUGINS ${name})
  endif()
endfunction()

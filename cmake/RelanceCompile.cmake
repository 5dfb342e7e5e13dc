# How everything is compiled: language, warnings, sanitizers, ccache, linker, the shared precompiled header.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")

set(RELANCE_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them")
option(RELANCE_FUZZ "Build the libFuzzer targets" OFF)
set(RELANCE_DEPS_DIR "${CMAKE_SOURCE_DIR}/build/deps" CACHE PATH
    "Where scripts/bootstrap unpacks the header-only packages that cannot be installed beside Boost 1.81")

# Dev keeps assertions and builds fast; frames stay readable.
set(CMAKE_CXX_FLAGS_DEV "-O1 -g1 -fno-omit-frame-pointer" CACHE STRING "" FORCE)
set(CMAKE_C_FLAGS_DEV "-O1 -g1 -fno-omit-frame-pointer" CACHE STRING "" FORCE)
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG" CACHE STRING "" FORCE)
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG" CACHE STRING "" FORCE)

# Several files of a target as one unit: their headers are read once, their templates made once. A file that is edited
# costs its whole unit, so the preset `singly` leaves it off; so do the checks that look at files one by one.
option(RELANCE_UNITY "Compile several files of a target as one unit" OFF)
set(CMAKE_UNITY_BUILD ${RELANCE_UNITY})
set(CMAKE_UNITY_BUILD_BATCH_SIZE 8)

find_program(RELANCE_CCACHE ccache)
if(RELANCE_CCACHE)
  set(sloppiness "pch_defines,time_macros,include_file_mtime,include_file_ctime")
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=${sloppiness} ${RELANCE_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()

add_library(relance_options INTERFACE)
target_compile_options(relance_options INTERFACE
  -fPIC  # everywhere: the static libraries also go into plugins, and one PCH must fit all
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # A PCH without its timestamp can be found again by ccache.
  target_compile_options(relance_options INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:SHELL:-Xclang -fno-pch-timestamp>")
  target_link_options(relance_options INTERFACE -fuse-ld=lld-19)
endif()
if(RELANCE_SANITIZE)
  set(sanitize -fsanitize=${RELANCE_SANITIZE} -fno-sanitize-recover=all)
  if(RELANCE_FUZZ)
    list(APPEND sanitize -fsanitize=fuzzer-no-link)
  endif()
  target_compile_options(relance_options INTERFACE ${sanitize})
  target_link_options(relance_options INTERFACE ${sanitize})
endif()
target_compile_definitions(relance_options INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json url filesystem system unit_test_framework)

# What `cmake --install build/release [--prefix P]` puts where. Programs, plugins, the SDK and the documents are replaced
# by each installation; the configuration is an operator's own once it is there, and is left alone.
#   P/bin, P/lib/relance/plugins, P/include/relance, P/lib/cmake/RelanceSDK, P/lib/systemd/system, P/share/doc/relance,
#   and the configuration in /etc/relance (P = /usr) or P/etc/relance.
include(CMakePackageConfigHelpers)

# What is installed, without the tests: cmake --build build/release --target programs
get_property(plugins GLOBAL PROPERTY RELANCE_PLUGINS)
add_custom_target(programs DEPENDS relanced relancectl ${plugins})

install(TARGETS relanced relancectl RUNTIME DESTINATION bin)

# The documents keep the tree's layout, so that their links lead somewhere: docs/, config/ as shipped, plugins' pages.
set(doc_folder share/doc/relance)
install(FILES README.md CHANGELOG.md DESTINATION ${doc_folder})
install(DIRECTORY docs config DESTINATION ${doc_folder})
install(DIRECTORY plugins DESTINATION ${doc_folder}
  FILES_MATCHING PATTERN README.md PATTERN schema.json PATTERN protocol EXCLUDE)

# The SDK: headers, a CMake package, a pkg-config file, the examples, and the template of `relancectl plugin new`. Nothing in
# it names the prefix, so that it can be moved.
set(package_folder lib/cmake/RelanceSDK)
install(DIRECTORY sdk/include/relance DESTINATION include)
install(FILES sdk/cmake/RelanceSDKConfig.cmake sdk/cmake/RelanceAddPlugin.cmake sdk/cmake/plugin.map DESTINATION ${package_folder})
install(TARGETS relance_sdk EXPORT RelanceSDK INCLUDES DESTINATION include)
install(EXPORT RelanceSDK NAMESPACE RelanceSDK:: FILE RelanceSDKTargets.cmake DESTINATION ${package_folder})
write_basic_package_version_file("${CMAKE_BINARY_DIR}/RelanceSDKConfigVersion.cmake"
  VERSION ${PROJECT_VERSION} COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES "${CMAKE_BINARY_DIR}/RelanceSDKConfigVersion.cmake" DESTINATION ${package_folder})
configure_file(sdk/cmake/relance-sdk.pc.in "${CMAKE_BINARY_DIR}/relance-sdk.pc" @ONLY)
install(FILES "${CMAKE_BINARY_DIR}/relance-sdk.pc" DESTINATION lib/pkgconfig)
install(DIRECTORY sdk/examples DESTINATION share/relance PATTERN target EXCLUDE PATTERN .clang-format EXCLUDE)
install(DIRECTORY sdk/template DESTINATION share/relance PATTERN .clang-format EXCLUDE)
# The C template reads and writes JSON as the C example does.
install(FILES sdk/examples/sms_http_c/sms_json.h sdk/examples/sms_http_c/sms_json.c
  DESTINATION share/relance/template/c-asynchronous/src)
if(TARGET relance-check)
  install(TARGETS relance-check RUNTIME DESTINATION bin)
  add_dependencies(programs relance-check)
endif()

# The prefix is known for certain only when it is installed.
install(CODE "set(relance_source \"${CMAKE_SOURCE_DIR}\")")
install(SCRIPT cmake/install_configuration.cmake)

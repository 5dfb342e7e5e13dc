# find_package(RelanceSDK CONFIG): the target RelanceSDK::relance_sdk (headers), relance_add_plugin(), relance_check_plugin().
include("${CMAKE_CURRENT_LIST_DIR}/RelanceSDKTargets.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/RelanceAddPlugin.cmake")

# What Kconfig says, as files and definitions. src and flat hold the C of every build, in its two forms.
if(CONFIG_SIXPLANE_FLAT)
  set(sixplane_folder ${CMAKE_CURRENT_LIST_DIR}/flat)
  set(sixplane_form flat)
  set(sixplane_definitions)
else()
  set(sixplane_folder ${CMAKE_CURRENT_LIST_DIR}/src)
  set(sixplane_form wasm2c)
  set(sixplane_definitions
    WASM_RT_MEMORY_SIZE=${CONFIG_SIXPLANE_MEMORY_SIZE}
    WASM_RT_MEMCHECK_GUARD_PAGES=$<BOOL:${CONFIG_SIXPLANE_UNCHECKED}>)
endif()

set(sixplane_builds ${CONFIG_SIXPLANE_VARIANT})
if(CONFIG_SIXPLANE_NEIGHBOUR)
  list(APPEND sixplane_builds neighbour)
endif()
list(TRANSFORM sixplane_builds REPLACE "(.+)" "${sixplane_folder}/\\1-${sixplane_form}.c" OUTPUT_VARIABLE sixplane_sources)

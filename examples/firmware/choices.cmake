# What Kconfig says, as files and definitions; src holds the C of every build.
set(sixplane_builds ${CONFIG_SIXPLANE_VARIANT})
if(CONFIG_SIXPLANE_NEIGHBOUR)
  list(APPEND sixplane_builds neighbour)
endif()
list(TRANSFORM sixplane_builds REPLACE "(.+)" "${CMAKE_CURRENT_LIST_DIR}/src/\\1-wasm2c.c" OUTPUT_VARIABLE sixplane_sources)
set(sixplane_definitions
  WASM_RT_MEMORY_SIZE=${CONFIG_SIXPLANE_MEMORY_SIZE}
  WASM_RT_MEMCHECK_GUARD_PAGES=$<NOT:$<BOOL:${CONFIG_SIXPLANE_CHECKED}>>)

// What the builds for WAMR export as well. Where both are exported constants, and the module cannot grow its memory, WAMR
// backs no more of the page than up to `__heap_base`. It checks accesses against its host's pages, of at most 4,096 bytes: a
// smaller bound would let the module reach memory that is not its own.

/** Where data that the module brings along ends: it brings none. */
export const __data_end: i32 = 0;

/** The memory that is enough for a record and any frame of Ethernet. */
export const __heap_base: i32 = 4096;

// For hosts that give a module less than its page: WAMR backs no more of it than up to `__heap_base`
// where both of these are exported constants, and the module cannot grow its memory.

/** Where data that the module brings along ends: it brings none. */
export const __data_end: i32 = 0;

/** The memory that is enough for a record, and for a solicitation with 160 bytes of options behind it. */
export const __heap_base: i32 = 256;

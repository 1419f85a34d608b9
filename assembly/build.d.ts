// Compile-time constants of a build, set by its target in asconfig.json ("use").

/** 1 where every rule answers with a reason of its own, 0 where only pass and invalid are told apart. */
declare const REASONS: i32;

/** 1 where every rule is checked, 0 where only those are that the ZeroTier core checks, too. */
declare const RULES: i32;

/** The modes that are compiled in, as bits of the record's modes byte. */
declare const MODES: i32;

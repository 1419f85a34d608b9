// Compile-time constants of a build, set by its target in asconfig.json ("use").

/** 1 where every rule answers with a reason of its own, 0 where only pass and invalid are told apart. */
declare const REASONS: i32;

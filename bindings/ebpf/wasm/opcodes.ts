// WebAssembly 1.0's instructions by their numbers (core specification, §5.4), to name what is read and what is refused.

const CONTROL =
  "unreachable nop block loop if else . . . . . end br br_if br_table return call call_indirect";
const PARAMETRIC = "drop select";
const VARIABLE = "local.get local.set local.tee global.get global.set";
const LOADS = `i32.load i64.load f32.load f64.load i32.load8_s i32.load8_u i32.load16_s i32.load16_u
  i64.load8_s i64.load8_u i64.load16_s i64.load16_u i64.load32_s i64.load32_u`;
const STORES =
  "i32.store i64.store f32.store f64.store i32.store8 i32.store16 i64.store8 i64.store16 i64.store32";
const OTHER_MEMORY = "memory.size memory.grow";
const CONSTANTS = "i32.const i64.const f32.const f64.const";
const COMPARISONS = "eqz eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u";
const FLOAT_COMPARISONS = "eq ne lt gt le ge";
const ARITHMETIC = "clz ctz popcnt add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr";
const FLOAT_ARITHMETIC = "abs neg ceil floor trunc nearest sqrt add sub mul div min max copysign";
const CONVERSIONS = `i32.wrap_i64 i32.trunc_f32_s i32.trunc_f32_u i32.trunc_f64_s i32.trunc_f64_u
  i64.extend_i32_s i64.extend_i32_u i64.trunc_f32_s i64.trunc_f32_u i64.trunc_f64_s i64.trunc_f64_u
  f32.convert_i32_s f32.convert_i32_u f32.convert_i64_s f32.convert_i64_u f32.demote_f64
  f64.convert_i32_s f64.convert_i32_u f64.convert_i64_s f64.convert_i64_u f64.promote_f32
  i32.reinterpret_f32 i64.reinterpret_f64 f32.reinterpret_i32 f64.reinterpret_i64`;
const EXTENSIONS = "i32.extend8_s i32.extend16_s i64.extend8_s i64.extend16_s i64.extend32_s";

const NAMES = new Map<number, string>([
  ...from(0x00, words(CONTROL)),
  ...from(0x1a, words(PARAMETRIC)),
  ...from(0x20, words(VARIABLE)),
  ...from(0x28, words(LOADS)),
  ...from(0x36, words(STORES)),
  ...from(0x3f, words(OTHER_MEMORY)),
  ...from(0x41, words(CONSTANTS)),
  ...from(0x45, typed("i32", COMPARISONS)),
  ...from(0x50, typed("i64", COMPARISONS)),
  ...from(0x5b, typed("f32", FLOAT_COMPARISONS)),
  ...from(0x61, typed("f64", FLOAT_COMPARISONS)),
  ...from(0x67, typed("i32", ARITHMETIC)),
  ...from(0x79, typed("i64", ARITHMETIC)),
  ...from(0x8b, typed("f32", FLOAT_ARITHMETIC)),
  ...from(0x99, typed("f64", FLOAT_ARITHMETIC)),
  ...from(0xa7, words(CONVERSIONS)),
  ...from(0xc0, words(EXTENSIONS)),
]);

/** The instruction's name in the text format, or its number where it is newer than WebAssembly 1.0. */
export function nameOf(opcode: number): string {
  return NAMES.get(opcode) ?? `instruction 0x${opcode.toString(16).padStart(2, "0")}`;
}

function words(text: string): string[] {
  return text.split(/\s+/);
}

function typed(type: string, text: string): string[] {
  return words(text).map((name) => `${type}.${name}`);
}

function from(first: number, names: string[]): [number, string][] {
  return names
    .map((name, index): [number, string] => [first + index, name])
    .filter(([, name]) => name !== ".");
}

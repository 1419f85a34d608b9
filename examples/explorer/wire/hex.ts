// Frames as text: plain hex, or what tcpdump -XX, xxd, hexdump -C and Wireshark print.

/** In plain hex, a line of so many bytes is a frame by itself: dumps have shorter lines. */
const LONG_LINE = 40;

/** The offset at the start of a dump's line: followed by a colon, or by two blanks. */
const OFFSET = /^\s*(?:0x)?([0-9a-f]{4,8})(?::|\s(?=\s))\s*/i;

/**
 * The frames of a text.
 *
 * Where lines start with offsets, offset 0 starts a frame, text beside the bytes is left out, and so are
 * lines without an offset, such as tcpdump's summaries. Else, blank lines lie between frames.
 *
 * @throws Error that names the line and says what is wrong with it
 */
export function parseFrames(text: string): Uint8Array[] {
  const lines = text.split(/\r\n|\n|\r/);
  const isDump = lines.some((line) => Number.parseInt(OFFSET.exec(line)?.[1] ?? "1", 16) === 0);
  const frames = isDump ? parseDump(lines) : parsePlain(lines);
  return frames.filter(({ length }) => length > 0).map((bytes) => Uint8Array.from(bytes));
}

function parseDump(lines: string[]): number[][] {
  const frames: number[][] = [];
  let frame: number[] = [];
  for (const [i, line] of lines.entries()) {
    const [head, offset] = OFFSET.exec(line) ?? [];
    if (head === undefined || offset === undefined) continue;
    const at = Number.parseInt(offset, 16);
    if (at === 0) {
      frame = [];
      frames.push(frame);
    }
    const bytes = dumpedBytes(line.slice(head.length), i + 1);
    if (at === frame.length) frame.push(...bytes);
    else if (bytes.length > 0) {
      throw new Error(
        `line ${i + 1} must go on at offset ${frame.length.toString(16)} (${frame.length}), got ${offset}`,
      );
    }
  }
  return frames;
}

/**
 * The bytes of a dump's line, at most 16, without the text beside them, which is behind a bar or two blanks.
 *
 * @throws Error for what is no hex where bytes are, and for text of more characters than there are bytes
 */
function dumpedBytes(line: string, number: number): number[] {
  const bytes: number[] = [];
  const unbarred = line.replace(/\|.*/, "").trimEnd();
  for (const { 1: gap = "", 2: digits = "", index } of unbarred.matchAll(/(\s*)(\S+)/g)) {
    const isHex = /^([0-9a-f]{2}){1,16}$/i.test(digits);
    if (!isHex && bytes.length < 16 && gap.length < 2) throw notHex(number, digits);
    if (!isHex || (bytes.length > 0 && gap.length > 2) || bytes.length + digits.length / 2 > 16) {
      const text = unbarred.slice(index + gap.length);
      if (text.length > bytes.length) throw notHex(number, digits);
      break;
    }
    bytes.push(...pairs(digits));
  }
  return bytes;
}

function parsePlain(lines: string[]): number[][] {
  const frames: number[][] = [];
  let digits = "";
  const end = (i: number) => {
    if (digits.length % 2) {
      throw new Error(
        `the frame that ends in line ${i} must have pairs of hex digits, got ${digits.length} digits`,
      );
    }
    frames.push(pairs(digits));
    digits = "";
  };
  for (const [i, line] of lines.entries()) {
    const found = plainDigits(line, i + 1);
    const isLong = found.length >= 2 * LONG_LINE;
    if (isLong || line.trim() === "") end(i);
    digits += found;
    if (isLong) end(i + 1);
  }
  end(lines.length);
  return frames;
}

function plainDigits(line: string, number: number): string {
  const digits = line.replace(/\b0x|\\x/gi, "").replace(/[\s:,;.-]/g, "");
  const wrong = /[^0-9a-f]+/i.exec(digits)?.[0];
  if (wrong) throw notHex(number, wrong);
  return digits;
}

function notHex(line: number, text: string): Error {
  return new Error(`line ${line} must be hex, got ${JSON.stringify(text.slice(0, 20))}`);
}

function pairs(digits: string): number[] {
  return (digits.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
}

/** A frame as it is taken back: 16 bytes a line, behind their offset. */
export function formatFrame(frame: Uint8Array): string {
  const lines = [];
  for (let at = 0; at < frame.length; at += 16) {
    const bytes = Array.from(frame.subarray(at, at + 16), (byte) => byte.toString(16).padStart(2, "0"));
    lines.push(`${at.toString(16).padStart(4, "0")}  ${bytes.join(" ")}`);
  }
  return lines.join("\n");
}

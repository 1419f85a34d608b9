// An ELF object file for libbpf: the program, its maps, and the places in the program that name maps.

import { INSTRUCTION_BYTES, type Linkable, type Relocation } from "../code/encode.ts";
import { MAPS } from "../program/memory.ts";
import { MAP_VARIABLE_BYTES, mapTypes } from "./btf.ts";
import { Strings, Writer } from "./writer.ts";

/** The section's name by which libbpf knows what the program is for. */
const PROGRAM_SECTION = "tc";
const LICENSE = "Dual MIT/GPL";

const ELF_HEADER = 64;
const SECTION_HEADER = 64;
const SYMBOL = 24;
const RELOCATABLE = 1;
const MACHINE_BPF = 247;
const R_BPF_64_64 = 1;

const TYPE = { none: 0, program: 1, symbols: 2, strings: 3, relocations: 9 };
const WRITABLE = 1;
const ALLOCATED = 2;
const EXECUTABLE = 4;
const NUMBER_IS_SECTION = 0x40;

const GLOBAL_OBJECT = 0x11;
const GLOBAL_FUNCTION = 0x12;

interface Section {
  name: string;
  type: number;
  bytes: Uint8Array;
  flags?: number;
  link?: number;
  info?: number;
  entry?: number;
}

// Numbers of the sections, in the order in which `objectOf` lists them.
const PROGRAM = 1;
const MAP_VARIABLES = 2;
const SYMBOLS = 6;
const STRINGS = 7;

/** Of which symbols the first is a map; the one with number 0 is none, and the program comes first. */
const FIRST_MAP = 2;

/**
 * An object that `bpftool prog load` and libbpf take.
 *
 * @param name the program's, 1 to 15 letters, digits and _
 */
export function objectOf(name: string, { bytes, relocations }: Linkable): Uint8Array<ArrayBuffer> {
  const names = new Strings();
  const maps = Object.keys(MAPS);
  const { program, symbols, strings, relocations: relocationType, none } = TYPE;
  return elf(
    [
      { name: "", type: none, bytes: new Uint8Array(0) },
      { name: PROGRAM_SECTION, type: program, bytes, flags: ALLOCATED | EXECUTABLE },
      {
        name: ".maps",
        type: program,
        bytes: new Uint8Array(maps.length * MAP_VARIABLE_BYTES),
        flags: ALLOCATED | WRITABLE,
      },
      {
        name: "license",
        type: program,
        bytes: new TextEncoder().encode(`${LICENSE}\0`),
        flags: ALLOCATED | WRITABLE,
      },
      {
        name: `.rel${PROGRAM_SECTION}`,
        type: relocationType,
        bytes: relocationTable(relocations, maps),
        flags: NUMBER_IS_SECTION,
        link: SYMBOLS,
        info: PROGRAM,
        entry: 16,
      },
      { name: ".BTF", type: program, bytes: mapTypes() },
      {
        name: ".symtab",
        type: symbols,
        bytes: symbolTable(names, name, bytes.length, maps),
        link: STRINGS,
        info: 1,
        entry: SYMBOL,
      },
      { name: ".strtab", type: strings, bytes: names.done() },
    ],
    STRINGS,
  );
}

function symbolTable(names: Strings, program: string, bytes: number, maps: string[]): Uint8Array {
  const table = new Writer().bytes(new Uint8Array(SYMBOL));
  const symbol = (name: string, kind: number, section: number, at: number, size: number) =>
    table.u32(names.add(name)).u8(kind, 0).u16(section).u64(at, size);
  symbol(program, GLOBAL_FUNCTION, PROGRAM, 0, bytes);
  for (const [n, map] of maps.entries())
    symbol(map, GLOBAL_OBJECT, MAP_VARIABLES, n * MAP_VARIABLE_BYTES, MAP_VARIABLE_BYTES);
  return table.done();
}

function relocationTable(relocations: readonly Relocation[], maps: string[]): Uint8Array {
  const table = new Writer();
  for (const { at, map } of relocations)
    table.u64(at * INSTRUCTION_BYTES).u32(R_BPF_64_64, FIRST_MAP + maps.indexOf(map));
  return table.done();
}

/** The file: a header, the sections' bytes, and the table of sections. The section of names gets theirs, too. */
function elf(sections: Section[], namesAt: number): Uint8Array<ArrayBuffer> {
  const names = new Writer().bytes(sections[namesAt]?.bytes ?? new Uint8Array(0));
  const nameOffsets = sections.map(({ name }) => {
    const at = names.length;
    names.bytes(new TextEncoder().encode(`${name}\0`));
    return at;
  });
  const body = new Writer();
  const table = new Writer();
  for (const [n, section] of sections.entries()) {
    const { type, flags = 0, link = 0, info = 0, entry = 0 } = section;
    const bytes = n === namesAt ? names.done() : section.bytes;
    body.align(8);
    if (n === 0) table.bytes(new Uint8Array(SECTION_HEADER));
    else {
      table.u32(nameOffsets[n] ?? 0, type).u64(flags, 0, ELF_HEADER + body.length, bytes.length);
      table.u32(link, info).u64(8, entry);
    }
    body.bytes(bytes);
  }
  body.align(8);
  const header = new Writer()
    .u8(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0) // ELF, 64 bits, little-endian, version 1
    .bytes(new Uint8Array(8))
    .u16(RELOCATABLE, MACHINE_BPF)
    .u32(1)
    .u64(0, 0, ELF_HEADER + body.length)
    .u32(0)
    .u16(ELF_HEADER, 0, 0, SECTION_HEADER, sections.length, namesAt);
  return header.bytes(body.done()).bytes(table.done()).done();
}

// The queue at its edge: a ring that is full but for less than a record.
import { expect, test } from "vitest";
import type { Libc } from "../../bindings/tap/kernel/libc.ts";
import { QueueReader, QueueWriter, sharedQueue } from "../../bindings/tap/loop/queue.ts";

const CONTROL = 12;
const RING = 1 << 20;

/** A queue whose writer copies within JavaScript, and what it was given. */
function queue() {
  const shared = sharedQueue();
  const ring = new Uint8Array(shared, CONTROL);
  let frame = new Uint8Array();
  const libc: Pick<Libc, "addressOf" | "memcpy"> = {
    addressOf: () => 0,
    memcpy: (to) => ring.set(frame, to),
  };
  const writer = new QueueWriter(shared, libc as Libc);
  const reader = new QueueReader(shared);
  const given: string[] = [];
  const put = (length: number) => {
    frame = new Uint8Array(length).fill(given.length % 251);
    const taken = writer.put(0, length);
    if (taken) given.push(`${length} of ${given.length % 251}`);
    return taken;
  };
  const takeAll = () => {
    const found: string[] = [];
    for (let batch = reader.take(); batch; batch = reader.take()) {
      for (const one of batch)
        found.push(`${one.length} of ${one.every((byte) => byte === one[0]) && one[0]}`);
    }
    reader.release();
    return found;
  };
  return { put, takeAll, given };
}

test("a frame that lacks four bytes of room is refused, and the others are intact", () => {
  const { put, takeAll, given } = queue();
  put(1024); // a record of 1,028 bytes, behind which the ring starts
  expect(takeAll()).toEqual(given.splice(0));
  // Records of 1,024 bytes to the ring's end, where 1,020 are left, and one from its start.
  for (let number = 0; number < 1023; number++) expect(put(1020)).toBe(true);
  expect(put(4)).toBe(false); // 4 of 8 bytes
  expect(takeAll()).toEqual(given);
});

test("a ring that is full to its last byte gives all that it got", () => {
  const { put, takeAll, given } = queue();
  for (let number = 0; number < RING / 1024; number++) expect(put(1020)).toBe(true);
  expect(put(1)).toBe(false);
  expect(takeAll()).toEqual(given);
  expect(put(1)).toBe(true);
});

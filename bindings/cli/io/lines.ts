// Lists on stdin, a line for each thing that is asked for.

import { SixplaneError } from "sixplane";
import { Failure, statusOf, systemReason } from "./failure.ts";
import type { Output } from "./output.ts";
import { warn } from "./text.ts";

/** Room for any address with a comment. What is behind it in a line is not read. */
const MOST_CHARACTERS = 1000;

/**
 * Prints what is made of each line of stdin, as soon as the line is there. A line that nothing can be made of is told on stderr
 * with its number, and the next line follows; the exit status is then 2 where one was bad input, else 1.
 *
 * @param make throws a SixplaneError for a line that nothing can be made of
 * @throws Failure where stdin cannot be read
 */
export async function forEachLine(output: Output, make: (line: string) => string): Promise<void> {
  for await (const { number, text } of linesOf(process.stdin)) {
    let made: string;
    try {
      made = make(text);
    } catch (error) {
      if (!(error instanceof SixplaneError)) throw error;
      warn(`line ${number}: ${error.message}`);
      process.exitCode = Math.max(Number(process.exitCode ?? 0), statusOf(error));
      continue;
    }
    await output.line(made);
  }
}

/** The lines that say something, without blanks around them and what is behind a #, numbered from 1. */
async function* linesOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<{ number: number; text: string }> {
  const decoder = new TextDecoder();
  let line = "";
  let number = 1;
  try {
    for await (const chunk of input) {
      const [end = "", ...more] = decoder.decode(chunk, { stream: true }).split("\n");
      line = `${line}${end}`.slice(0, MOST_CHARACTERS);
      for (const next of more) {
        yield* said(number++, line);
        line = next.slice(0, MOST_CHARACTERS);
      }
    }
  } catch (error) {
    throw new Failure(`cannot read stdin: ${systemReason(error)}`);
  }
  yield* said(number, line);
}

function* said(number: number, line: string) {
  const text = line.replace(/#.*/s, "").trim();
  if (text !== "") yield { number, text };
}

// Names of nodes, and what addresses they stand for.

import { mismatch } from "sixplane";
import type { OptionOfTarget } from "./target.ts";

export const DOMAIN: OptionOfTarget = {
  flags: "--domain <name>",
  description: "the domain that the nodes' names are in, with a dot at its end or without",
};

export const MODE: OptionOfTarget = {
  flags: "--mode <mode>",
  description: "which addresses of the nodes",
  choices: ["6plane", "rfc4193"],
  usual: "6plane",
};

/** The domain without a dot at its end. @throws InputError for what is no domain */
export function domainOf(given: string): string {
  const domain = given.replace(/(?<=.)\.$/, "");
  checkName("domain", domain);
  return domain;
}

/**
 * Names of hosts are of letters, digits and hyphens, 63 between dots, 253 in all (RFC 1123 §2.1). Below a domain, an asterisk may
 * stand for the first label (RFC 4592 §2.1.1).
 */
export function checkName(what: string, name: string, domain?: string): void {
  const expected = "letters, digits and hyphens, with dots between them";
  const labels = name.split(".");
  if (domain !== undefined && isWildcard(name)) labels.shift();
  const isHostName = labels.every((label) => /^[a-z\d]([a-z\d-]{0,61}[a-z\d])?$/i.test(label));
  if (!isHostName) throw mismatch(what, expected, name);
  const { length } = domain === undefined ? name : `${name}.${domain}`;
  if (length > 253) throw mismatch(what, "so short that there are 253 characters with its domain", name);
}

/** Whether a name stands for all names below its domain. */
export function isWildcard(name: string): boolean {
  return name === "*" || name.startsWith("*.");
}

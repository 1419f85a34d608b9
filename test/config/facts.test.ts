// One file of facts, as the three programs read it that it is for.
import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { folder, sixplane } from "../support/command.ts";
import { NETWORK, SELF } from "../support/frames.ts";
import { runPage } from "./page.ts";

const PROGRAMS = ["facter", "ansible", "ohai"];

const SUBNETS = {
  web: "fc9c:56c2:e389:e92c:eee5:d3eb::/96",
  "a-b.c": "fc9c:56c2:e389:e92c:eee5:6ef5::/96",
};

const FACTS = {
  network_id: NETWORK,
  node_address: SELF,
  mac: "02:89:e9:30:0c:27",
  sixplane_address: "fc9c:56c2:e389:e92c:eee5::1",
  sixplane_host_prefix: "fc9c:56c2:e389:e92c:eee5::/80",
  sixplane_network_prefix: "fc9c:56c2:e300::/40",
  rfc4193_address: "fd80:56c2:e21c:0:199:9389:e92c:eee5",
  rfc4193_network_prefix: "fd80:56c2:e21c:0:199:9300::/88",
  subnets: SUBNETS,
};

describe("sixplane config facts", () => {
  test("is read by all of them, and the same to each", async ({ skip }) => {
    for (const program of PROGRAMS) skip(!isInstalled(program), `${program} is not installed`);
    using files = folder();
    const names = Object.keys(SUBNETS).flatMap((name) => ["--subnet", name]);
    const words = ["config", "facts", "--network", NETWORK, "--node", SELF, ...names];
    expect((await sixplane([...words, "-o", files.path("sixplane.json")])).status).toBe(0);
    const { comment, ...facts } = JSON.parse((await sixplane(words)).stdout).sixplane;
    expect(facts).toEqual(FACTS);
    const { subnets, ...others } = FACTS;
    for (const value of [...Object.values(others), ...Object.values(subnets)])
      expect(comment.join("\n")).toContain(` ${value}: `);

    const run = (program: string, ...rest: string[]) => {
      const env = { ...process.env, HOME: files.path(""), ANSIBLE_REMOTE_TMP: files.path("tmp") };
      const { status, stdout, stderr } = spawnSync(program, rest, { env, encoding: "utf8" });
      expect(status, stderr).toBe(0);
      return stdout;
    };
    const facter = JSON.parse(run("facter", "--json", "--external-dir", files.path(""), "sixplane"));
    expect(facter).toEqual({ sixplane: { comment, ...FACTS } });

    mkdirSync(files.path("facts.d"));
    symlinkSync("../sixplane.json", files.path("facts.d/site.fact"));
    const setup = `filter=ansible_local fact_path=${files.path("facts.d")}`;
    const ansible = run("ansible", "localhost", "-m", "setup", "-a", setup);
    const { ansible_facts } = JSON.parse(ansible.slice(ansible.indexOf("{")));
    expect(ansible_facts.ansible_local.site).toEqual({ sixplane: { comment, ...FACTS } });

    mkdirSync(files.path("plugins"));
    const plugin = 'Ohai.plugin(:Site) { provides "site"; collect_data { site hint?("sixplane") } }';
    writeFileSync(files.path("plugins/site.rb"), plugin);
    writeFileSync(files.path("config.rb"), `ohai.hints_path = [${JSON.stringify(files.path(""))}]`);
    const ohai = run("ohai", "-c", files.path("config.rb"), "-d", files.path("plugins"), "site");
    expect(JSON.parse(ohai)).toEqual({ sixplane: { comment, ...FACTS } });
  });

  test("has a page whose commands do what it shows", (context) => {
    for (const program of PROGRAMS) context.skip(!isInstalled(program), `${program} is not installed`);
    runPage("facts", context, "export ANSIBLE_REMOTE_TMP=/run/tmp"); // which is in root's home otherwise
  });
});

/** Without running it: Ansible would leave a folder. */
function isInstalled(program: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
}

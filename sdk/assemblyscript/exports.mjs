// Gives the module the exports of the contract. An AssemblyScript export is an identifier, and the contract's names are
// not; and which interfaces are exported is said by the author's last line, `exportAgent(...)` and its like.
// `asc` runs this: once the files are parsed, and once they are compiled.

const CONTRACT = { package: "greenroom:agent", version: "0.2.0" };

const INTERFACES = {
  exportModule: ["policy"],
  exportConfigurable: ["policy", "lifecycle"],
  exportAgent: ["policy", "lifecycle", "learner"],
};

/** An error for a person, whose place in this file says nothing. */
const told = (message) => Object.assign(Error(message), { stack: message });

/** The name of a function that is called in a statement of its own; undefined for any other statement. */
const called = (statement) => statement.expression?.expression?.text;

export default class Exports {
  afterParse(parser) {
    const authored = parser.sources.filter((source) => !source.internalPath.startsWith("~lib/"));
    const last = authored.flatMap((source) => source.statements.map(called)).filter((name) => name in INTERFACES);
    if (last.length != 1) {
      throw told(
        `${last.length ? "more than one line makes" : "nothing makes"} a component of the agent: ` +
          "end the file with one of " +
          Object.keys(INTERFACES).map((name) => `${name}(new YourAgent())`).join(", "),
      );
    }
    const lines = INTERFACES[last[0]].map((name) => `export * from "greenroom/exports/${name}";`);
    lines.push(`export { cabi_realloc } from "greenroom/abi/realloc";`);
    parser.parseFile(lines.join("\n"), "greenroom-exports.ts", true);
  }

  afterCompile(module) {
    const exported = [];
    for (let i = 0; i < module.getNumExports(); ++i) {
      exported.push(this.binaryen.getExportInfo(module.getExportByIndex(i)));
    }
    for (const { name, value } of exported) {
      if (name == "memory" || name == "cabi_realloc") continue;
      module.removeExport(name);
      const ours = /^gr_(policy|lifecycle|learner)_([a-z]+)(_post)?$/.exec(name);
      if (!ours) continue;
      const [, from, call, post] = ours;
      const official = `${CONTRACT.package}/${from}@${CONTRACT.version}#${call}`;
      module.addFunctionExport(value, post ? `cabi_post_${official}` : official);
    }
  }
}

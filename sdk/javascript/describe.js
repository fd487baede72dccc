// What an agent says of itself. The builders hold what the contract calls a descriptor, ready for the host, in `said`.

class Descriptor {
  constructor(name, version, role, summary) {
    this.said = {
      name,
      version,
      summary,
      role,
      layer: "decision",
      innerMetric: "",
      rewardLevel: "inner",
      inputs: [],
      output: "candidates",
      produces: [],
      historyMax: 0,
      facts: [],
      parameters: [],
      snapshotSchema: "",
      learning: "anew",
    };
  }

  #with(more) {
    Object.assign(this.said, more);
    return this;
  }

  layer(layer) {
    return this.#with({ layer });
  }

  metric(innerMetric, rewardLevel) {
    return this.#with({ innerMetric, rewardLevel });
  }

  takes(name, { optional = false, kind = "candidates", columns = [] } = {}) {
    return this.#with({ inputs: [...this.said.inputs, { name, kind, optional, columns: columns.map(spec) }] });
  }

  returns(output) {
    return this.#with({ output });
  }

  produces(...columns) {
    return this.#with({ produces: [...this.said.produces, ...columns.map(spec)] });
  }

  history(eventsMax) {
    return this.#with({ historyMax: eventsMax | 0 });
  }

  facts(...fields) {
    return this.#with({ facts: [...this.said.facts, ...fields] });
  }

  parameter(parameter) {
    return this.#with({ parameters: [...this.said.parameters, parameter.said] });
  }

  state(snapshotSchema) {
    return this.#with({ snapshotSchema });
  }

  learning(learning) {
    return this.#with({ learning });
  }
}

export function describe(name, version, role, summary) {
  return new Descriptor(name, version, role, summary);
}

const spec = (column) => (typeof column === "string" ? { name: column, kind: "f32s" } : column);

class Parameter {
  constructor(name, summary, tag, val) {
    this.said = { name, summary, domain: { tag, val }, condition: null, shapesState: false };
  }

  log() {
    this.said.domain.val = { ...this.said.domain.val, log: true };
    return this;
  }

  shapesState() {
    this.said.shapesState = true;
    return this;
  }

  when(parameter, ...values) {
    this.said.condition = { parameter, values };
    return this;
  }
}

export function float(name, low, high, byDefault, summary) {
  return new Parameter(name, summary, "float", { low, high, default: byDefault, log: false });
}

export function integer(name, low, high, byDefault, summary) {
  return new Parameter(name, summary, "integer", { low, high, default: byDefault, log: false });
}

export function choice(name, options, byDefault, summary) {
  return new Parameter(name, summary, "choice", { options, default: byDefault });
}

export function boolean(name, byDefault, summary) {
  return new Parameter(name, summary, "boolean", byDefault);
}

export function items(name, summary) {
  return new Parameter(name, summary, "items");
}

export function numbers(name, summary) {
  return new Parameter(name, summary, "numbers");
}

// Building descriptors: what an agent says of itself.

import { ColumnKind } from "./columns";
import { PayloadKind } from "./payload";

/** What part an agent plays. */
export enum Role {
  Recall,
  Fusion,
  Ranking,
  Calibration,
  Reranking,
  Routing,
  Evolution,
  Infrastructure,
}

/** The layers of the agentic recommender. */
export enum Layer {
  Decision,
  Evolution,
  Infrastructure,
}

/** What an agent learns from. */
export enum RewardLevel {
  /** Its own metric on its own decisions. */
  Inner,
  /** The system's objective. */
  Outer,
}

/** What an agent makes of its state when there is more to learn. */
export enum Learning {
  /** Nothing: it learns everything from the beginning. */
  Anew,
  /** It goes on from it. A promise that the host tries: learning in parts ends in the same snapshot, byte for byte. */
  Onward,
}

/** A column that is required or produced. */
export class ColumnSpec {
  constructor(public name: string, public kind: ColumnKind = ColumnKind.F32s) {}
}

/** An input. */
export class Port {
  constructor(
    /** "*" stands for any number of ports of any name. */
    public name: string,
    public kind: PayloadKind,
    /** Whether a graph may leave it unconnected, and a request may leave it empty. */
    public optional: bool,
    public columns: ColumnSpec[],
  ) {}
}

/** What values a parameter takes. */
export enum DomainKind {
  Float,
  Integer,
  Choice,
  Boolean,
  Items,
  Numbers,
}

/** A parameter of the decision space. */
export class Parameter {
  isLog: bool = false;
  isShapingState: bool = false;
  low: f64 = 0;
  high: f64 = 0;
  standard: f64 = 0;
  lowInteger: i64 = 0;
  highInteger: i64 = 0;
  standardInteger: i64 = 0;
  options: string[] = [];
  standardOption: string = "";
  standardBoolean: bool = false;
  conditionParameter: string = "";
  conditionValues: string[] = [];

  private constructor(public name: string, public summary: string, public domain: DomainKind) {}

  /** A real parameter in [low, high]. */
  static float(name: string, low: f64, high: f64, standard: f64, summary: string): Parameter {
    const made = new Parameter(name, summary, DomainKind.Float);
    made.low = low;
    made.high = high;
    made.standard = standard;
    return made;
  }

  /** A whole parameter in [low, high]. */
  static integer(name: string, low: i64, high: i64, standard: i64, summary: string): Parameter {
    const made = new Parameter(name, summary, DomainKind.Integer);
    made.lowInteger = low;
    made.highInteger = high;
    made.standardInteger = standard;
    return made;
  }

  /** One of several names. */
  static choice(name: string, options: string[], standard: string, summary: string): Parameter {
    const made = new Parameter(name, summary, DomainKind.Choice);
    made.options = options;
    made.standardOption = standard;
    return made;
  }

  /** A switch. */
  static boolean(name: string, standard: bool, summary: string): Parameter {
    const made = new Parameter(name, summary, DomainKind.Boolean);
    made.standardBoolean = standard;
    return made;
  }

  /** A list of items. */
  static items(name: string, summary: string): Parameter {
    return new Parameter(name, summary, DomainKind.Items);
  }

  /** A list of numbers, or a map from names to numbers. */
  static numbers(name: string, summary: string): Parameter {
    return new Parameter(name, summary, DomainKind.Numbers);
  }

  /** Its order of magnitude matters rather than its value. */
  log(): Parameter {
    this.isLog = true;
    return this;
  }

  /** `learn` and `fit` read it: a change needs a new state. */
  shapesState(): Parameter {
    this.isShapingState = true;
    return this;
  }

  /** It matters only when another parameter has one of `values`. */
  when(parameter: string, values: string[]): Parameter {
    this.conditionParameter = parameter;
    this.conditionValues = values;
    return this;
  }
}

/** What an agent says of itself. It depends on nothing but the code. */
export class Descriptor {
  innerMetric: string = "";
  rewardLevel: RewardLevel = RewardLevel.Inner;
  part: Layer = Layer.Decision;
  inputs: Port[] = [];
  output: PayloadKind = PayloadKind.Candidates;
  produced: ColumnSpec[] = [];
  historyMax: u32 = 0;
  factsRead: string[] = [];
  parameters: Parameter[] = [];
  snapshotSchema: string = "";
  goesOn: Learning = Learning.Anew;

  constructor(public name: string, public version: string, public role: Role, public summary: string) {}

  /** Names the metric that this agent optimises, and whether it is its own or the system's. */
  metric(name: string, level: RewardLevel): Descriptor {
    this.innerMetric = name;
    this.rewardLevel = level;
    return this;
  }

  /** Says which layer this agent belongs to; the decision layer when unsaid. */
  layer(layer: Layer): Descriptor {
    this.part = layer;
    return this;
  }

  /** Adds an input of candidates, with the columns of f32 that they have to have. "*" is any number of any name. */
  takes(port: string, optional: bool = false, columns: string[] = []): Descriptor {
    this.inputs.push(new Port(port, PayloadKind.Candidates, optional, f32Columns(columns)));
    return this;
  }

  /** Adds an input of anything. */
  takesPort(port: Port): Descriptor {
    this.inputs.push(port);
    return this;
  }

  /** Says what is returned when it is not candidates. */
  returns(kind: PayloadKind): Descriptor {
    this.output = kind;
    return this;
  }

  /** Names columns of f32 that the candidates carry. */
  produces(columns: string[]): Descriptor {
    this.produced = this.produced.concat(f32Columns(columns));
    return this;
  }

  /** Asks for the subject's latest events. */
  history(eventsMax: u32): Descriptor {
    this.historyMax = eventsMax;
    return this;
  }

  /** Names item facts that are read when there are any. */
  facts(fields: string[]): Descriptor {
    this.factsRead = this.factsRead.concat(fields);
    return this;
  }

  /** Adds a parameter. */
  parameter(parameter: Parameter): Descriptor {
    this.parameters.push(parameter);
    return this;
  }

  /** Names the layout of the state. */
  state(schema: string): Descriptor {
    this.snapshotSchema = schema;
    return this;
  }

  /** Says whether it goes on from its state when there is more to learn. */
  learning(learning: Learning): Descriptor {
    this.goesOn = learning;
    return this;
  }
}

/** A descriptor of a decision agent that takes nothing and returns candidates. */
export function describe(name: string, version: string, role: Role, summary: string): Descriptor {
  return new Descriptor(name, version, role, summary);
}

function f32Columns(names: string[]): ColumnSpec[] {
  const specs = new Array<ColumnSpec>(names.length);
  for (let i = 0; i < names.length; ++i) specs[i] = new ColumnSpec(names[i]);
  return specs;
}

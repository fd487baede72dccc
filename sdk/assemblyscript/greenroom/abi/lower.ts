// From objects to the host's words. Offsets are those of the canonical ABI for `wit/0.2.0/types.wit`.

import { Column } from "../columns";
import { Decision, PolicyRecord } from "../decision";
import { ColumnSpec, Descriptor, DomainKind, Parameter, Port } from "../describe";
import { Fault } from "../fault";
import { FitReport } from "../feedback";
import { Branch, Candidates, Document, Payload, PayloadKind, Route, Settings } from "../payload";
import { block } from "./realloc";

// Sizes of records in lists.
const COLUMN: usize = 20;
const BRANCH: usize = 12;
const COLUMN_SPEC: usize = 12;
const PORT: usize = 20;
const PARAMETER: usize = 80;
const TEXT: usize = 8;

/** A text in UTF-8; a half of a pair of surrogates becomes U+FFFD, since the host takes no other text. */
export function utf8(text: string): StaticArray<u8> {
  const bytes = new StaticArray<u8>(String.UTF8.byteLength(text));
  const to = changetype<usize>(bytes);
  String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, to, false, String.UTF8.ErrorMode.REPLACE);
  return bytes;
}

export function putList<T>(at: usize, values: StaticArray<T>): void {
  store<usize>(at, changetype<usize>(values));
  store<i32>(at, values.length, 4);
}

export function putText(at: usize, text: string): void {
  putList(at, utf8(text));
}

/** Makes room for a list of records, and tells where it begins. */
function putRecords(at: usize, n: i32, size: usize): usize {
  const from = n == 0 ? <usize>8 : block(<usize>n * size);
  store<usize>(at, from);
  store<i32>(at, n, 4);
  return from;
}

export function putTexts(at: usize, texts: string[]): void {
  const from = putRecords(at, texts.length, TEXT);
  for (let i = 0; i < texts.length; ++i) putText(from + <usize>i * TEXT, texts[i]);
}

export function putFault(at: usize, fault: Fault): void {
  store<u8>(at, fault.kind);
  putText(at + 4, fault.message);
  store<u8>(at, fault.retryable, 12);
}

export function putDecision(at: usize, decision: Decision): void {
  putPayload(at, decision.payload);
  const policy = decision.policy;
  store<u8>(at, policy != null, 40);
  if (policy != null) putPolicy(at + 48, policy);
}

function putPolicy(at: usize, policy: PolicyRecord): void {
  store<u8>(at, policy.kind);
  putList(at + 4, policy.propensities);
  store<f64>(at, policy.logProbability, 16);
  store<u8>(at, policy.explored, 24);
  store<u64>(at, policy.samplerSeed, 32);
}

function putPayload(at: usize, payload: Payload): void {
  const value = at + 4;
  store<u8>(at, payload.kind);
  switch (payload.kind) {
    case PayloadKind.Candidates:
      putCandidates(value, payload as Candidates);
      break;
    case PayloadKind.Route:
      putBranches(value, (payload as Route).branches);
      break;
    case PayloadKind.Settings:
      putText(value, (payload as Settings).scope);
      putList(value + 8, (payload as Settings).patch);
      break;
    default:
      putList(value, (payload as Document).bytes);
  }
}

function putCandidates(at: usize, all: Candidates): void {
  putList(at, all.rows);
  putList(at + 8, all.scores);
  putList(at + 16, all.sources);
  putColumns(at + 24, all.columns);
}

function putColumns(at: usize, columns: Column[]): void {
  const from = putRecords(at, columns.length, COLUMN);
  for (let i = 0; i < columns.length; ++i) {
    const column = columns[i];
    const to = from + <usize>i * COLUMN;
    putText(to, column.name);
    store<u8>(to, column.kind, 8);
    store<usize>(to, column.address, 12);
    store<i32>(to, column.length, 16);
  }
}

function putBranches(at: usize, branches: Branch[]): void {
  const from = putRecords(at, branches.length, BRANCH);
  for (let i = 0; i < branches.length; ++i) {
    const to = from + <usize>i * BRANCH;
    putText(to, branches[i].name);
    store<f32>(to, branches[i].probability, 8);
  }
}

export function putReport(at: usize, report: FitReport): void {
  store<u64>(at, report.examples);
  store<u8>(at, !isNaN(report.loss), 8);
  store<f64>(at, report.loss, 16);
  putTexts(at + 24, report.notes);
}

export function putDescriptor(at: usize, all: Descriptor): void {
  putText(at, all.name);
  putText(at + 8, all.version);
  putText(at + 16, all.summary);
  store<u8>(at, all.role, 24);
  store<u8>(at, all.part, 25);
  putText(at + 28, all.innerMetric);
  store<u8>(at, all.rewardLevel, 36);
  putPorts(at + 40, all.inputs);
  store<u8>(at, all.output, 48);
  putSpecs(at + 52, all.produced);
  store<u32>(at, all.historyMax, 60);
  putTexts(at + 64, all.factsRead);
  const parameters = putRecords(at + 72, all.parameters.length, PARAMETER);
  for (let i = 0; i < all.parameters.length; ++i) putParameter(parameters + <usize>i * PARAMETER, all.parameters[i]);
  putText(at + 80, all.snapshotSchema);
  store<u8>(at, all.goesOn, 88);
}

function putPorts(at: usize, ports: Port[]): void {
  const from = putRecords(at, ports.length, PORT);
  for (let i = 0; i < ports.length; ++i) {
    const to = from + <usize>i * PORT;
    putText(to, ports[i].name);
    store<u8>(to, ports[i].kind, 8);
    store<u8>(to, ports[i].optional, 9);
    putSpecs(to + 12, ports[i].columns);
  }
}

function putSpecs(at: usize, specs: ColumnSpec[]): void {
  const from = putRecords(at, specs.length, COLUMN_SPEC);
  for (let i = 0; i < specs.length; ++i) {
    putText(from + <usize>i * COLUMN_SPEC, specs[i].name);
    store<u8>(from + <usize>i * COLUMN_SPEC, specs[i].kind, 8);
  }
}

function putParameter(at: usize, parameter: Parameter): void {
  putText(at, parameter.name);
  putText(at + 8, parameter.summary);
  putDomain(at + 16, parameter);
  const conditional = parameter.conditionParameter.length > 0;
  store<u8>(at, conditional, 56);
  if (conditional) {
    putText(at + 60, parameter.conditionParameter);
    putTexts(at + 68, parameter.conditionValues);
  }
  store<u8>(at, parameter.isShapingState, 76);
}

function putDomain(at: usize, parameter: Parameter): void {
  const value = at + 8;
  store<u8>(at, parameter.domain);
  switch (parameter.domain) {
    case DomainKind.Float:
      store<f64>(value, parameter.low);
      store<f64>(value, parameter.high, 8);
      store<f64>(value, parameter.standard, 16);
      store<u8>(value, parameter.isLog, 24);
      break;
    case DomainKind.Integer:
      store<i64>(value, parameter.lowInteger);
      store<i64>(value, parameter.highInteger, 8);
      store<i64>(value, parameter.standardInteger, 16);
      store<u8>(value, parameter.isLog, 24);
      break;
    case DomainKind.Choice:
      putTexts(value, parameter.options);
      putText(value + 8, parameter.standardOption);
      break;
    case DomainKind.Boolean:
      store<u8>(value, parameter.standardBoolean);
  }
}

// FNV-1a over what an agent is given, serialised little endian: see the conformance suite.

import {
  Branch,
  Candidates,
  Column,
  ColumnKind,
  Document,
  Feedback,
  Observation,
  Payload,
  Route,
  Settings,
} from "greenroom";

const OFFSET: u64 = 0xcbf29ce484222325;
const PRIME: u64 = 0x100000001b3;

export class Hash {
  value: u64 = OFFSET;

  /** 16 lower-case digits. */
  hex(): string {
    return this.value.toString(16).padStart(16, "0");
  }

  u8(value: u8): Hash {
    this.value = (this.value ^ value) * PRIME;
    return this;
  }

  bool(value: bool): Hash {
    return this.u8(value ? 1 : 0);
  }

  u32(value: u32): Hash {
    for (let i = 0; i < 4; ++i) this.u8(<u8>(value >> (8 * i)));
    return this;
  }

  u64(value: u64): Hash {
    for (let i = 0; i < 8; ++i) this.u8(<u8>(value >> (8 * i)));
    return this;
  }

  f32(value: f32): Hash {
    return this.u32(isNaN(value) ? 0x7fc00000 : reinterpret<u32>(value));
  }

  f64(value: f64): Hash {
    return this.u64(isNaN(value) ? 0x7ff8000000000000 : reinterpret<u64>(value));
  }

  text(value: string): Hash {
    return this.bytes(utf8(value));
  }

  bytes(values: StaticArray<u8>): Hash {
    return this.list(values);
  }

  list<T>(values: StaticArray<T>): Hash {
    this.u32(values.length);
    for (let i = 0; i < values.length; ++i) {
      const value = unchecked(values[i]);
      if (isFloat<T>()) this.f32(<f32>value);
      else if (sizeof<T>() == 1) this.u8(<u8>value);
      else if (sizeof<T>() == 4) this.u32(<u32>value);
      else this.u64(<u64>value);
    }
    return this;
  }

  texts(values: string[]): Hash {
    this.u32(values.length);
    for (let i = 0; i < values.length; ++i) this.text(values[i]);
    return this;
  }

  columns(columns: Column[]): Hash {
    this.u32(columns.length);
    for (let i = 0; i < columns.length; ++i) {
      const column = columns[i];
      this.text(column.name).u8(<u8>column.kind);
      if (column.kind == ColumnKind.F32s) this.list(column.f32s);
      else if (column.kind == ColumnKind.S64s) this.list(column.s64s);
      else this.list(column.u32s);
    }
    return this;
  }

  payload(payload: Payload): Hash {
    this.u8(<u8>payload.kind);
    if (payload instanceof Candidates) {
      const all = payload as Candidates;
      this.list(all.rows).list(all.scores).list(all.sources).columns(all.columns);
    } else if (payload instanceof Route) {
      this.branches((payload as Route).branches);
    } else if (payload instanceof Settings) {
      this.text((payload as Settings).scope).bytes((payload as Settings).patch);
    } else {
      this.bytes((payload as Document).bytes);
    }
    return this;
  }

  observation(seen: Observation): Hash {
    this.text(seen.requestId);
    const subject = seen.subject;
    this.bool(subject != null);
    if (subject != null) this.text(subject.key).u32(subject.number);
    this.u64(seen.now).u64(seen.seed).u32(seen.limit).text(seen.surface);
    const session = seen.sessionId;
    this.bool(session != null);
    if (session != null) this.text(session);
    this.texts(seen.segments).list(seen.excluded);
    const allowed = seen.allowed;
    this.bool(allowed != null);
    if (allowed != null) this.list(allowed);
    this.bytes(seen.context);
    const history = seen.history;
    this.list(history.rows).list(history.times).list(history.kinds).list(history.values);
    this.u32(seen.inputs.length);
    for (let i = 0; i < seen.inputs.length; ++i) {
      const input = seen.inputs[i];
      this.text(input.port).text(input.node).payload(input.payload);
    }
    return this;
  }

  feedback(batch: Feedback): Hash {
    this.list(batch.events).list(batch.cursors).list(batch.requests).texts(batch.requestIds);
    this.list(batch.versions).texts(batch.versionIds).list(batch.subjects).list(batch.rows).list(batch.positions);
    this.list(batch.exposed).list(batch.kinds).list(batch.values).list(batch.eventTimes).list(batch.receiveTimes);
    this.list(batch.statuses).list(batch.innerRewards).list(batch.outerRewards).list(batch.credits);
    return this.list(batch.propensities).columns(batch.decided).columns(batch.inputs);
  }

  private branches(branches: Branch[]): void {
    this.u32(branches.length);
    for (let i = 0; i < branches.length; ++i) this.text(branches[i].name).f32(branches[i].probability);
  }
}

export function utf8(text: string): StaticArray<u8> {
  const bytes = new StaticArray<u8>(String.UTF8.byteLength(text));
  String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, changetype<usize>(bytes));
  return bytes;
}

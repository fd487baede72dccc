// The interface `lifecycle`. `exports.mjs` gives these their official names.

import { listOf, text } from "../abi/lift";
import { putDescriptor, putList, putText } from "../abi/lower";
import { endsAsFault } from "../abi/outcome";
import { callEnded } from "../abi/realloc";
import { result } from "../abi/result";
import { asLifecycle } from "../agent";
import { Fault, fail, failing } from "../fault";
import { Params } from "../params";
import { State } from "../state";

export function gr_lifecycle_describe(): usize {
  putDescriptor(result, asLifecycle().describe());
  return result;
}

export function gr_lifecycle_describe_post(_: usize): void {
  callEnded();
}

export function gr_lifecycle_configure(bytes: usize, length: i32): usize {
  const params = Params.decode(listOf<u8>(bytes, length));
  if (!failing()) asLifecycle().configure(params);
  endsAsFault(4);
  return result;
}

export function gr_lifecycle_configure_post(_: usize): void {
  callEnded();
}

export function gr_lifecycle_snapshot(): usize {
  const state = asLifecycle().snapshot();
  if (!endsAsFault(4)) {
    putText(result + 4, state.schema);
    putList(result + 12, state.bytes);
  }
  return result;
}

export function gr_lifecycle_snapshot_post(_: usize): void {
  callEnded();
}

export function gr_lifecycle_restore(schema: usize, schemaLength: i32, bytes: usize, length: i32): usize {
  // The ABI passes the two lists of a state apart, and `text` reads them where they stand together.
  store<usize>(result, schema);
  store<i32>(result, schemaLength, 4);
  const state = new State(text(result), listOf<u8>(bytes, length));
  const mine = asLifecycle().describe();
  if (state.schema == mine.snapshotSchema) {
    asLifecycle().restore(state);
  } else {
    fail(
      Fault.invalidState(
        `${mine.name} ${mine.version} restores states of schema "${mine.snapshotSchema}", not "${state.schema}": ` +
          "train this agent, or give it its own state",
      ),
    );
  }
  endsAsFault(4);
  return result;
}

export function gr_lifecycle_restore_post(_: usize): void {
  callEnded();
}

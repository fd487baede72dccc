// What the host offers, as the canonical ABI has it: texts and lists as address and length, results written to an
// address.

@external("greenroom:agent/log@0.2.0", "write")
export declare function logWrite(level: i32, text: usize, length: i32): void;

@external("greenroom:agent/metric@0.2.0", "count")
export declare function metricCount(name: usize, length: i32, value: f64): void;

@external("greenroom:agent/metric@0.2.0", "observe")
export declare function metricObserve(name: usize, length: i32, value: f64): void;

@external("greenroom:agent/memory@0.2.0", "open")
export declare function memoryOpen(name: usize, length: i32, result: usize): void;

@external("greenroom:agent/memory@0.2.0", "row-count")
export declare function memoryRowCount(): u32;

@external("greenroom:agent/memory@0.2.0", "gather")
export declare function memoryGather(rows: usize, n: i32, fields: usize, count: i32, result: usize): void;

@external("greenroom:agent/memory@0.2.0", "labels")
export declare function memoryLabels(field: usize, length: i32, result: usize): void;

@external("greenroom:agent/memory@0.2.0", "[resource-drop]namespace")
export declare function namespaceDrop(handle: i32): void;

@external("greenroom:agent/memory@0.2.0", "[method]namespace.get")
export declare function namespaceGet(handle: i32, key: usize, length: i32, result: usize): void;

@external("greenroom:agent/memory@0.2.0", "[method]namespace.get-many")
export declare function namespaceGetMany(handle: i32, keys: usize, count: i32, result: usize): void;

@external("greenroom:agent/memory@0.2.0", "[method]namespace.put")
export declare function namespacePut(
  handle: i32,
  key: usize,
  length: i32,
  value: usize,
  valueLength: i32,
  result: usize,
): void;

@external("greenroom:agent/memory@0.2.0", "[method]namespace.compare-and-swap")
export declare function namespaceCompareAndSwap(
  handle: i32,
  key: usize,
  length: i32,
  expects: i32,
  expected: u64,
  value: usize,
  valueLength: i32,
  result: usize,
): void;

@external("greenroom:agent/memory@0.2.0", "[method]namespace.delete")
export declare function namespaceDelete(handle: i32, key: usize, length: i32, result: usize): void;

@external("greenroom:agent/memory@0.2.0", "[method]namespace.scan")
export declare function namespaceScan(
  handle: i32,
  prefix: usize,
  length: i32,
  continues: i32,
  after: usize,
  afterLength: i32,
  limit: u32,
  result: usize,
): void;

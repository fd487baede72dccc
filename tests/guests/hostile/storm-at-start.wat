;; Calls the host for ever in its start function. Ends at its number of host calls.
(module
  (import "greenroom:agent/memory@0.1.0" "row-count" (func $row_count (result i32)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func $start (loop $again (drop (call $row_count)) (br $again)))
  (start $start)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    i32.const 1024))

;; Calls the host while the host asks it for room. A trap: nobody leaves a component that is being entered.
(module
  (import "greenroom:agent/memory@0.1.0" "row-count" (func $row_count (result i32)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) call $row_count)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    i32.const 1024))

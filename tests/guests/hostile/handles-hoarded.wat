;; Opens a namespace again and again and keeps every handle. Ends at the number of handles.
(module
  (import "greenroom:agent/memory@0.1.0" "open" (func $open (param i32 i32 i32)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (data (i32.const 16) "shared")
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (loop $again
      (call $open (i32.const 16) (i32.const 6) (i32.const 256))
      (br $again))
    i32.const 1024))

;; Logs one line of 1 MiB of escape characters, which grows sixfold when escaped. Dropped, not escaped.
(module
  (import "greenroom:agent/log@0.1.0" "write" (func $write (param i32 i32 i32)))
  (memory (export "memory") 32)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (memory.fill (i32.const 65536) (i32.const 27) (i32.const 1048576))
    (call $write (i32.const 2) (i32.const 65536) (i32.const 1048576))
    i32.const 1024))

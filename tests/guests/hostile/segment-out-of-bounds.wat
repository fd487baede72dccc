;; Has data that does not fit into its memory. A trap while it is instantiated.
(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (data (i32.const 65530) "more than six bytes")
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    i32.const 1024))

;; Decides, and traps when the host is done with the answer. One fault, and no answer.
(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    i32.const 1024)
  (func (export "cabi_post_greenroom:agent/policy@0.1.0#decide") (param i32) unreachable))

;; Grows its table until the host refuses. A table has an end, and counts as memory.
(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (table $t 1 funcref)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (loop $again
      (if (i32.eq (table.grow $t (ref.null func) (i32.const 1000)) (i32.const -1)) (then unreachable))
      (br $again))
    i32.const 1024))

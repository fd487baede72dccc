;; Asks for four billion elements of a table. Ends with its fuel, which is taken for each.
(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (table $t 1 funcref)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (loop $again (drop (table.grow $t (ref.null func) (i32.const -16))) (br $again))
    i32.const 1024))

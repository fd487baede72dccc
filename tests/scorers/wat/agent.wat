;; The scorer that every language has: see docs/agents/costs.md.
;;
;; Records lie in memory as the template of an agent in text explains (sdk/wat/template/agent.wat).
;;
;; Addresses in this file, in bytes:
;;
;;      16 texts     1024 what it says of itself     2048 results     4096 the arena
(module
  (memory (export "memory") 1)

  ;; ---- What the agent is -------------------------------------------------------------------------------------------

  (data (i32.const 16) "0.1.0")
  (data (i32.const 32) "scores candidates by what is known of them")
  (data (i32.const 80) "ndcg@10")
  (data (i32.const 96) "ranked")
  (data (i32.const 112) "relevance")
  (data (i32.const 128) "age")
  (data (i32.const 144) "shown")
  (data (i32.const 160) "clicked")
  (data (i32.const 176) "freshness")
  (data (i32.const 192) "what a new item gains")
  (data (i32.const 224) "exploration")
  (data (i32.const 240) "what an item gains that was not shown yet")
  (data (i32.const 288) "scorer")
  (data (i32.const 304) "`freshness` and `exploration` take numbers from 0 to 1")
  (data (i32.const 368) "port \"ranked\" takes candidates")
  (data (i32.const 400) "the candidates lack a column that the port names")
  (data (i32.const 448) "this agent has no state to restore")

  ;; The record `descriptor`. Numbers of enums count their cases from 0, in the order of the WIT.
  (data (i32.const 1024)
    (i32 288 6)      ;; 1024 name: address and length
    (i32 16 5)       ;; 1032 version
    (i32 32 42)      ;; 1040 summary
    (i8 2 0) (i16 0)   ;; 1048 role: ranking; layer: decision; two bytes of padding
    (i32 80 7)       ;; 1052 inner metric
    (i8 0) (i8 0 0 0)  ;; 1060 reward level: inner
    (i32 1128 1)       ;; 1064 inputs
    (i8 0) (i8 0 0 0)  ;; 1072 output: candidates
    (i32 8 0)          ;; 1076 produces: nothing. An empty list still has an address, any that is not 0 and aligned
    (i32 0)            ;; 1084 history: none
    (i32 8 0)          ;; 1088 facts: none
    (i32 1160 2)       ;; 1096 parameters
    (i32 8 0)          ;; 1104 schema of the state: none
    (i8 0))            ;; 1112 learning: anew
  (data (i32.const 1128)
    (i32 96 6)        ;; the one input: its port
    (i8 0 0) (i16 0)   ;; of candidates; not optional
    (i32 1328 4))      ;; columns that it has to have
  (data (i32.const 1328)
    (i32 112 9 0)  ;; relevance, of f32
    (i32 128 3 0)  ;; age, of f32
    (i32 144 5 1)  ;; shown, of s64
    (i32 160 7 2)) ;; clicked, of u32
  (data (i32.const 1160)
    (i32 176 9)      ;; 1160 the first parameter: its name
    (i32 192 21)     ;; 1168 summary
    (i64 0)            ;; 1176 domain: case 0, float; its range is aligned to 8 bytes
    (f64 0 1 0.3)      ;; 1184 low, high, default
    (i64 0)            ;; 1208 on a plain scale, not a logarithmic one
    (i32 0 0 0 0 0)    ;; 1216 condition: none
    (i32 0)            ;; 1236 does not shape the state
    (i32 224 11)     ;; 1240 the second parameter, in the same way
    (i32 240 41)
    (i64 0)
    (f64 0 1 0.1)
    (i64 0)
    (i32 0 0 0 0 0)
    (i32 0))

  (func (export "greenroom:agent/lifecycle@0.2.0#describe") (result i32)
    (i32.const 1024))

  ;; ---- Its parameters ----------------------------------------------------------------------------------------------

  (global $freshness (mut f64) (f64.const 0.3))
  (global $exploration (mut f64) (f64.const 0.1))

  ;; Parameters come as a MessagePack map from names to values.
  (func (export "greenroom:agent/lifecycle@0.2.0#configure") (param $at i32) (param $length i32) (result i32)
    (global.set $freshness (call $number (call $value_of (local.get $at) (i32.const 176) (i32.const 9))))
    (global.set $exploration (call $number (call $value_of (local.get $at) (i32.const 224) (i32.const 11))))
    (if (f64.ne (f64.add (global.get $freshness) (global.get $exploration))
                (f64.add (global.get $freshness) (global.get $exploration)))
      (then
        (i32.store8 (i32.const 2048) (i32.const 1)) ;; a fault, which stands behind at 4
        (call $fault (i32.const 2052) (i32.const 0) (i32.const 304) (i32.const 54) (i32.const 0))
        (return (i32.const 2048))))
    (i32.store8 (i32.const 2048) (i32.const 0)) ;; ok
    (i32.const 2048))

  ;; The number that stands at an address, which has its highest byte first; NaN when there is none.
  (func $number (param $value i32) (result f64)
    (local $kind i32)
    (if (i32.eqz (local.get $value)) (then (return (f64.const nan))))
    (local.set $kind (i32.load8_u (local.get $value)))
    (if (i32.eq (local.get $kind) (i32.const 0xcb)) ;; an f64
      (then (return (f64.reinterpret_i64 (call $big (i32.add (local.get $value) (i32.const 1)) (i32.const 8))))))
    (if (i32.gt_u (local.get $kind) (i32.const 1)) (then (return (f64.const nan))))
    (f64.convert_i32_u (local.get $kind))) ;; a whole number, 0 or 1, is its own byte

  ;; ---- What it decides ---------------------------------------------------------------------------------------------

  ;; The record `observation` has its `limit` at 40 and its list of inputs at 132.
  (func (export "greenroom:agent/policy@0.2.0#decide") (param $seen i32) (result i32)
    (local $ranked i32) (local $rows i32) (local $scores i32) (local $n i32) (local $i i32) (local $limit i32)
    (local $relevance i32) (local $age i32) (local $shown i32) (local $clicked i32)
    (local.set $limit (i32.load offset=40 (local.get $seen)))
    (local.set $ranked (call $input (local.get $seen)))
    (if (i32.eqz (local.get $ranked)) ;; nothing arrived: no candidates
      (then (return (call $decided (i32.const 8) (i32.const 8) (i32.const 0)))))
    (if (i32.load8_u (local.get $ranked)) ;; the case of the payload: 0 is candidates
      (then (return (call $decide_fault (i32.const 368) (i32.const 30)))))
    (local.set $rows (i32.load offset=4 (local.get $ranked)))
    (local.set $n (i32.load offset=8 (local.get $ranked)))
    ;; Each as its port names it.
    (local.set $relevance (call $column (local.get $ranked) (i32.const 1328)))
    (local.set $age (call $column (local.get $ranked) (i32.const 1340)))
    (local.set $shown (call $column (local.get $ranked) (i32.const 1352)))
    (local.set $clicked (call $column (local.get $ranked) (i32.const 1364)))
    (if (i32.or (i32.or (i32.eqz (local.get $relevance)) (i32.eqz (local.get $age)))
                (i32.or (i32.eqz (local.get $shown)) (i32.eqz (local.get $clicked))))
      (then (return (call $decide_fault (i32.const 400) (i32.const 48)))))
    (local.set $scores (call $take (i32.mul (local.get $n) (i32.const 4))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
        (f32.store (call $at (local.get $scores) (local.get $i))
          (call $score
            (f64.promote_f32 (f32.load (call $at (local.get $relevance) (local.get $i))))
            (f64.promote_f32 (f32.load (call $at (local.get $age) (local.get $i))))
            (f64.convert_i64_s
              (i64.load (i32.add (local.get $shown) (i32.shl (local.get $i) (i32.const 3)))))
            (f64.convert_i32_u (i32.load (call $at (local.get $clicked) (local.get $i))))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
    (local.set $limit (call $least (local.get $limit) (local.get $n)))
    (call $best_first (local.get $rows) (local.get $scores) (local.get $n) (local.get $limit))
    (call $decided (local.get $rows) (local.get $scores) (local.get $limit)))

  (func $score (param $relevance f64) (param $age f64) (param $shown f64) (param $clicked f64) (result f32)
    (local $interest f64)
    (local.set $age (f64.max (local.get $age) (f64.const 0)))
    (local.set $shown (f64.max (local.get $shown) (f64.const 0)))
    (local.set $interest
      (f64.add (local.get $relevance)
        (f64.div (global.get $freshness) (f64.add (f64.const 1) (f64.div (local.get $age) (f64.const 30))))))
    (local.set $interest
      (f64.add (local.get $interest)
        (f64.div (f64.add (local.get $clicked) (f64.const 1)) (f64.add (local.get $shown) (f64.const 20)))))
    (local.set $interest
      (f64.add (local.get $interest)
        (f64.div (global.get $exploration) (f64.sqrt (f64.add (f64.const 1) (local.get $shown))))))
    (f32.demote_f64
      (f64.div (local.get $interest)
        (f64.sqrt (f64.add (f64.const 1) (f64.mul (local.get $interest) (local.get $interest)))))))

  ;; Where the values stand of the column of a name and a type; 0 when there is none. A column is 20 bytes: its name at 0,
  ;; the case of its values at 8, the list of them at 12. What is wanted is its name at 0 and its case at 8.
  (func $column (param $ranked i32) (param $wanted i32) (result i32)
    (local $at i32) (local $left i32)
    (local.set $at (i32.load offset=28 (local.get $ranked)))
    (local.set $left (i32.load offset=32 (local.get $ranked)))
    (loop $next
      (if (local.get $left)
        (then
          (if (i32.and
                (i32.eq (i32.load8_u offset=8 (local.get $at)) (i32.load8_u offset=8 (local.get $wanted)))
                (call $same
                  (i32.load (local.get $at)) (i32.load offset=4 (local.get $at))
                  (i32.load (local.get $wanted)) (i32.load offset=4 (local.get $wanted))))
            (then (return (i32.load offset=12 (local.get $at)))))
          (local.set $at (i32.add (local.get $at) (i32.const 20)))
          (local.set $left (i32.sub (local.get $left) (i32.const 1)))
          (br $next))))
    (i32.const 0))

  (func $decide_fault (param $message i32) (param $length i32) (result i32)
    (i32.store8 (i32.const 2048) (i32.const 1))
    (call $fault (i32.const 2056) (i32.const 1) (local.get $message) (local.get $length) (i32.const 0))
    (i32.const 2048))

  ;; The payload that arrived at the port "ranked"; 0 when none did. An input is 52 bytes: port at 0, node at 8,
  ;; payload at 16. A payload is its case at 0, and behind it at 4 the candidates: rows at 4, scores at 12, sources at
  ;; 20, columns at 28.
  (func $input (param $seen i32) (result i32)
    (local $at i32) (local $left i32)
    (local.set $at (i32.load offset=132 (local.get $seen)))
    (local.set $left (i32.load offset=136 (local.get $seen)))
    (loop $next
      (if (local.get $left)
        (then
          (if (call $same (i32.load (local.get $at)) (i32.load offset=4 (local.get $at)) (i32.const 96) (i32.const 6))
            (then (return (i32.add (local.get $at) (i32.const 16)))))
          (local.set $at (i32.add (local.get $at) (i32.const 52)))
          (local.set $left (i32.sub (local.get $left) (i32.const 1)))
          (br $next))))
    (i32.const 0))

  ;; Writes result<decision, fault>: ok with candidates that have rows and scores and nothing else.
  (func $decided (param $rows i32) (param $scores i32) (param $n i32) (result i32)
    (i32.store8 (i32.const 2048) (i32.const 0))       ;; ok; the decision begins at 2056
    (i32.store8 (i32.const 2056) (i32.const 0))       ;; its payload is candidates, which begin at 2060
    (i32.store (i32.const 2060) (local.get $rows))
    (i32.store (i32.const 2064) (local.get $n))
    (i32.store (i32.const 2068) (local.get $scores))
    (i32.store (i32.const 2072) (local.get $n))
    (i64.store (i32.const 2076) (i64.const 8))        ;; sources: an empty list
    (i64.store (i32.const 2084) (i64.const 8))        ;; columns: an empty list
    (i32.store8 (i32.const 2096) (i32.const 0))       ;; no record of a policy: it draws nothing
    (i32.const 2048))

  ;; ---- Its state: none ---------------------------------------------------------------------------------------------

  ;; result<state, fault>: the schema at 4 and the bytes at 12.
  (func (export "greenroom:agent/lifecycle@0.2.0#snapshot") (result i32)
    (i32.store8 (i32.const 2048) (i32.const 0))
    (i64.store (i32.const 2052) (i64.const 8))
    (i64.store (i32.const 2060) (i64.const 8))
    (i32.const 2048))

  ;; A record of few fields is passed field by field: the schema and the bytes, each as address and length.
  (func (export "greenroom:agent/lifecycle@0.2.0#restore") (param i32 i32 i32 i32) (result i32)
    (i32.store8 (i32.const 2048) (i32.const 0))
    (if (i32.or (local.get 1) (local.get 3))
      (then
        (i32.store8 (i32.const 2048) (i32.const 1))
        (call $fault (i32.const 2052) (i32.const 2) (i32.const 448) (i32.const 34) (i32.const 0))))
    (i32.const 2048))

  ;; ---- Tools -------------------------------------------------------------------------------------------------------

  ;; Writes the record `fault`: its kind (invalid-parameters, -observation, -state, -feedback, unavailable, internal),
  ;; its message, and whether the same call may succeed later.
  (func $fault (param $to i32) (param $kind i32) (param $message i32) (param $length i32) (param $retryable i32)
    (i32.store8 (local.get $to) (local.get $kind))
    (i32.store offset=4 (local.get $to) (local.get $message))
    (i32.store offset=8 (local.get $to) (local.get $length))
    (i32.store8 offset=12 (local.get $to) (local.get $retryable)))

  ;; Brings the `k` best of `n` rows to the front, best first; ties go to the smaller row. Of many rows few are among the best so
  ;; far, and those are put where they belong.
  (func $best_first (param $rows i32) (param $scores i32) (param $n i32) (param $k i32)
    (local $i i32) (local $to i32) (local $row i32) (local $score f32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
        (local.set $row (i32.load (call $at (local.get $rows) (local.get $i))))
        (local.set $score (f32.load (call $at (local.get $scores) (local.get $i))))
        (local.set $to (local.get $i))
        (if (i32.ge_u (local.get $i) (local.get $k)) (then (local.set $to (local.get $k))))
        (block $there
          (loop $down
            (br_if $there (i32.eqz (local.get $to)))
            (br_if $there
              (i32.eqz
                (call $beats (local.get $row) (local.get $score)
                  (i32.load (call $at (local.get $rows) (i32.sub (local.get $to) (i32.const 1))))
                  (f32.load (call $at (local.get $scores) (i32.sub (local.get $to) (i32.const 1)))))))
            (local.set $to (i32.sub (local.get $to) (i32.const 1)))
            (call $move (local.get $rows) (local.get $to) (local.get $k))
            (call $move (local.get $scores) (local.get $to) (local.get $k))
            (br $down)))
        (if (i32.lt_u (local.get $to) (local.get $k))
          (then
            (i32.store (call $at (local.get $rows) (local.get $to)) (local.get $row))
            (f32.store (call $at (local.get $scores) (local.get $to)) (local.get $score))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next))))

  (func $beats (param $row i32) (param $score f32) (param $other i32) (param $its f32) (result i32)
    (if (f32.ne (local.get $score) (local.get $its))
      (then (return (f32.gt (local.get $score) (local.get $its)))))
    (i32.lt_u (local.get $row) (local.get $other)))

  ;; Moves the value at a place to the next one, if that is below `k`.
  (func $move (param $list i32) (param $i i32) (param $k i32)
    (if (i32.lt_u (i32.add (local.get $i) (i32.const 1)) (local.get $k))
      (then
        (i32.store (call $at (local.get $list) (i32.add (local.get $i) (i32.const 1)))
          (i32.load (call $at (local.get $list) (local.get $i)))))))

  ;; Where the `i`th value of a list of four-byte numbers stands.
  (func $at (param $list i32) (param $i i32) (result i32)
    (i32.add (local.get $list) (i32.shl (local.get $i) (i32.const 2))))

  (func $least (param $a i32) (param $b i32) (result i32)
    (select (local.get $a) (local.get $b) (i32.lt_u (local.get $a) (local.get $b))))

  ;; Whether two texts are the same.
  (func $same (param $a i32) (param $length i32) (param $b i32) (param $expected i32) (result i32)
    (if (i32.ne (local.get $length) (local.get $expected)) (then (return (i32.const 0))))
    (loop $next
      (if (local.get $length)
        (then
          (local.set $length (i32.sub (local.get $length) (i32.const 1)))
          (br_if $next
            (i32.eq
              (i32.load8_u (i32.add (local.get $a) (local.get $length)))
              (i32.load8_u (i32.add (local.get $b) (local.get $length)))))
          (return (i32.const 0)))))
    (i32.const 1))

  ;; A number of `n` bytes with the highest first.
  (func $big (param $at i32) (param $n i32) (result i64)
    (local $value i64)
    (loop $next
      (local.set $value
        (i64.or (i64.shl (local.get $value) (i64.const 8)) (i64.load8_u (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $value))

  ;; Where the value of a parameter stands in a map of up to 15 with names of up to 31 bytes; 0 when it is not there.
  ;; Before it there may be numbers, switches and short texts, but no lists or maps.
  (func $value_of (param $map i32) (param $name i32) (param $length i32) (result i32)
    (local $left i32) (local $size i32) (local $found i32)
    (local.set $left (i32.and (i32.load8_u (local.get $map)) (i32.const 15)))
    (local.set $map (i32.add (local.get $map) (i32.const 1)))
    (block $missing
      (loop $next
        (br_if $missing (i32.eqz (local.get $left)))
        (local.set $size (i32.and (i32.load8_u (local.get $map)) (i32.const 31)))
        (local.set $map (i32.add (local.get $map) (i32.const 1)))
        (local.set $found (call $same (local.get $map) (local.get $size) (local.get $name) (local.get $length)))
        (local.set $map (i32.add (local.get $map) (local.get $size)))
        (if (local.get $found) (then (return (local.get $map))))
        (local.set $map (i32.add (local.get $map) (call $size_of (i32.load8_u (local.get $map)))))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br $next)))
    (i32.const 0))

  ;; How many bytes a MessagePack value takes that begins with a byte.
  (func $size_of (param $first i32) (result i32)
    (if (i32.eq (i32.and (local.get $first) (i32.const 0xe0)) (i32.const 0xa0)) ;; a text of up to 31 bytes
      (then (return (i32.add (i32.and (local.get $first) (i32.const 31)) (i32.const 1)))))
    (if (i32.eq (local.get $first) (i32.const 0xca)) (then (return (i32.const 5)))) ;; f32
    (if (i32.eq (local.get $first) (i32.const 0xcb)) (then (return (i32.const 9)))) ;; f64
    (if (i32.and (i32.ge_u (local.get $first) (i32.const 0xcc)) (i32.le_u (local.get $first) (i32.const 0xd3)))
      ;; A whole number of 1, 2, 4 or 8 bytes, without and with a sign.
      (then
        (return
          (i32.add (i32.shl (i32.const 1) (i32.and (local.get $first) (i32.const 3))) (i32.const 1)))))
    (if (i32.and (i32.ge_u (local.get $first) (i32.const 0x80)) (i32.lt_u (local.get $first) (i32.const 0xc0)))
      (then unreachable)) ;; a list or a map
    (i32.const 1)) ;; a small whole number, nothing, or a switch

  ;; The arena: memory of one call, taken from the front and given back all at once.
  (global $free (mut i32) (i32.const 4096))

  (func $take (param $size i32) (result i32)
    (local $from i32) (local $missing i32)
    (local.set $from (global.get $free))
    (global.set $free ;; to the next multiple of 8, so that anything may stand there
      (i32.and (i32.add (i32.add (local.get $from) (local.get $size)) (i32.const 7)) (i32.const -8)))
    (local.set $missing (i32.sub (global.get $free) (i32.shl (memory.size) (i32.const 16))))
    (if (i32.gt_s (local.get $missing) (i32.const 0))
      (then
        (if (i32.eq
              (memory.grow (i32.shr_u (i32.add (local.get $missing) (i32.const 0xffff)) (i32.const 16)))
              (i32.const -1))
          (then unreachable))))
    (local.get $from))

  ;; What the host takes memory from. `$old` is not 0 when what it had before became too small.
  (func (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
    (local $new i32)
    (local.set $new (call $take (local.get $size)))
    (memory.copy (local.get $new) (local.get $old) (call $least (local.get $old_size) (local.get $size)))
    (local.get $new))

  (func $call_ended
    (export "cabi_post_greenroom:agent/policy@0.2.0#decide")
    (export "cabi_post_greenroom:agent/lifecycle@0.2.0#describe")
    (export "cabi_post_greenroom:agent/lifecycle@0.2.0#configure")
    (export "cabi_post_greenroom:agent/lifecycle@0.2.0#snapshot")
    (export "cabi_post_greenroom:agent/lifecycle@0.2.0#restore")
    (param i32)
    (global.set $free (i32.const 4096)))
)

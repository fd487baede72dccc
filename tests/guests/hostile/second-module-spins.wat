;; Its second core module loops in its start function, while the component is instantiated. The budget of
;; instantiation ends it.
(component
  (core module $m (func $start (loop $again (br $again))) (start $start))
  (core instance (instantiate $m)))

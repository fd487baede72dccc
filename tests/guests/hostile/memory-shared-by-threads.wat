;; Has a memory for threads, which this host does not offer. Refused when it is loaded.
(component
  (core module (memory 1 1 shared)))

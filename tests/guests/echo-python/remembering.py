"""Every operation of the memory layer, hashed."""

from greenroom import log, memory
from hashing import Hash

CASES = (memory.Denied, memory.Conflict, memory.TooLarge, memory.Quota, memory.NotFound, memory.Unavailable)


class Remembering:
    def __init__(self):
        self.hash = Hash()

    def error(self, error, payload=True):
        self.hash.u8(255)
        self.hash.u8(CASES.index(type(error)))
        if not payload:
            return
        if isinstance(error, memory.Conflict):
            self.hash.option(error.revision, self.hash.u64)
        else:
            self.hash.text(str(error))

    def asked(self, call, write=None, payload=True):
        """A call: what it answers, where `write` says how to hash it, or its error, and what that says where it should."""
        try:
            value = call()
        except memory.Error as error:
            self.error(error, payload)
            return
        self.hash.u8(1)
        if write is not None:
            write(value)

    def value(self, entry):
        self.hash.option(entry, lambda entry: self.hash.data(entry.value))

    def page(self, page):
        self.hash.u32(len(page.entries))
        for entry in page.entries:
            self.hash.text(entry.key)
            self.hash.data(entry.value)
        self.hash.option(page.next, self.hash.text)

    def namespace(self, space):
        h, asked = self.hash, self.asked
        asked(lambda: space.delete("k"), h.u8)
        asked(lambda: space.compare_and_swap("k", None, b"v1"), payload=False)
        asked(lambda: space.get("k"), self.value)
        asked(lambda: space.compare_and_swap("k", None, b"v2"), payload=False)
        asked(lambda: space.put("ü", bytes(range(256))), payload=False)
        asked(lambda: space.get_many(["k", "missing", "ü"]), lambda found: h.many(found, self.value))
        asked(lambda: space.scan("", None, 1), self.page)
        asked(lambda: space.scan("", "k", 10), self.page)
        asked(lambda: space.delete("ü"), h.u8)
        asked(lambda: space.delete("ü"), h.u8)

    def all(self):
        """The hash of all operations, in hexadecimal digits."""
        try:
            space = memory.open("echo")
        except memory.Error as error:
            self.error(error)
            return str(self.hash)
        with space:
            self.namespace(space)
        self.asked(lambda: memory.open("denied").close(), payload=False)
        rows = memory.row_count()
        self.hash.u32(rows)
        first = range(min(3, rows))
        columns = lambda found: self.hash.many(found, self.hash.column)  # noqa: E731
        self.asked(lambda: memory.gather(first, ["year"]), columns)
        self.asked(lambda: memory.gather([], []), columns)
        self.asked(lambda: memory.labels("genres"), lambda names: self.hash.many(names, self.hash.text))
        for write in (log.debug, log.info, log.warn, log.error):
            write("level")
        return str(self.hash)

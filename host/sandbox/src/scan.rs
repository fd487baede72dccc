//! Reads a component once, front to back: how large it is, what one instance takes, and the names at its border.
//!
//! Nothing here recurses, and nothing is kept but the names of the outermost component and a number for each module and
//! component: whatever the bytes are, this takes time in proportion to them and little memory.

use wasmparser::{
    BinaryReader, ComponentAlias, ComponentAliasSectionReader, ComponentExport, ComponentExternalKind, ComponentImport,
    ComponentInstance, ComponentOuterAliasKind, ComponentType, ComponentTypeRef, Encoding, Instance,
    InstanceTypeDeclaration, Parser, Payload,
};

use crate::inspect::LoadError;
use crate::limits::{Extent, Limits};

type Read<T> = Result<T, wasmparser::BinaryReaderError>;

/// What was read.
#[derive(Default)]
pub(crate) struct Scan {
    pub(crate) extent: Extent,
    pub(crate) imports: Vec<String>,
    pub(crate) exports: Vec<String>,
}

/// What an instance of a module or component takes.
#[derive(Default, Clone, Copy)]
struct Takes {
    instances: u64,
    memories: u64,
    tables: u64,
    table_elements: u64,
}

impl Takes {
    fn add(&mut self, other: Self) {
        self.instances = self.instances.saturating_add(other.instances);
        self.memories = self.memories.saturating_add(other.memories);
        self.tables = self.tables.saturating_add(other.tables);
        self.table_elements = self.table_elements.saturating_add(other.table_elements);
    }
}

/// A module or component that is being read. In its index spaces nothing stands for what is not known before it is linked.
#[derive(Default)]
struct Frame {
    module: bool,
    takes: Takes,
    modules: Vec<Option<Takes>>,
    components: Vec<Option<Takes>>,
}

/// Reads as far as the limits let it.
///
/// # Errors
/// What is broken, of which there is too much, or what the host cannot foresee.
pub(crate) fn scan(bytes: &[u8], limits: &Limits) -> Result<Scan, LoadError> {
    let mut scan = Scan::default();
    scan.extent.bytes = bytes.len() as u64;
    limits.check(&scan.extent)?;
    let read = scan.read(bytes, limits);
    // What is too large is told before what is broken: a count may be the only thing that is there of a million types.
    limits.check(&scan.extent)?;
    read?;
    Ok(scan)
}

impl Scan {
    fn read(&mut self, bytes: &[u8], limits: &Limits) -> Result<(), LoadError> {
        let mut frames: Vec<Frame> = Vec::new();
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload?;
            match payload {
                Payload::Version { encoding, .. } => {
                    let module = encoding == Encoding::Module;
                    if module && frames.is_empty() {
                        return Err(LoadError::CoreModule);
                    }
                    *(if module { &mut self.extent.modules } else { &mut self.extent.components }) += 1;
                    let takes = Takes { instances: u64::from(module), ..Takes::default() };
                    frames.push(Frame { module, takes, ..Frame::default() });
                    self.extent.depth = self.extent.depth.max(frames.len() as u64);
                    // Nothing is read on behalf of what is nested too deep, or of too many.
                    limits.check(&self.extent)?;
                }
                Payload::End(_) => {
                    let Some(Frame { module, takes, .. }) = frames.pop() else { continue };
                    match frames.last_mut() {
                        Some(parent) if module => parent.modules.push(Some(takes)),
                        Some(parent) => parent.components.push(Some(takes)),
                        None => {
                            self.extent.instances = takes.instances;
                            self.extent.memories = takes.memories;
                            self.extent.tables = takes.tables;
                            self.extent.table_elements = takes.table_elements;
                        }
                    }
                }
                payload => {
                    let outermost = frames.len() == 1;
                    if !self.core(&payload, &mut frames)? {
                        self.component(payload, &mut frames, outermost, bytes, limits)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether it was a section of a core module.
    fn core(&mut self, payload: &Payload<'_>, frames: &mut [Frame]) -> Result<bool, LoadError> {
        let Some(frame) = frames.last_mut() else { return Ok(false) };
        let extent = &mut self.extent;
        match payload {
            Payload::TypeSection(section) => extent.types += u64::from(section.count()),
            Payload::FunctionSection(section) => extent.functions += u64::from(section.count()),
            Payload::GlobalSection(section) => extent.globals += u64::from(section.count()),
            Payload::MemorySection(section) => frame.takes.memories += u64::from(section.count()),
            Payload::TableSection(section) => {
                frame.takes.tables += u64::from(section.count());
                for table in section.clone() {
                    let elements = &mut frame.takes.table_elements;
                    *elements = elements.saturating_add(table?.ty.initial);
                }
            }
            Payload::ImportSection(section) => {
                for import in section.clone().into_imports() {
                    let import = import?;
                    extent.imports += 1;
                    extent.named(import.module);
                    extent.named(import.name);
                }
            }
            Payload::ExportSection(section) => {
                extent.exports += u64::from(section.count());
                section.clone().into_iter().try_for_each(|export| export.map(|export| extent.named(export.name)))?;
            }
            Payload::DataSection(section) => {
                extent.data_segments += u64::from(section.count());
                for data in section.clone() {
                    extent.data_bytes += data?.data.len() as u64;
                }
            }
            Payload::ElementSection(section) => {
                extent.element_segments += u64::from(section.count());
                for element in section.clone() {
                    extent.elements += u64::from(match element?.items {
                        wasmparser::ElementItems::Functions(items) => items.count(),
                        wasmparser::ElementItems::Expressions(_, items) => items.count(),
                    });
                }
            }
            Payload::CodeSectionEntry(body) => {
                extent.body_bytes = extent.body_bytes.max(body.range().len() as u64);
                let mut locals = 0_u64;
                for group in body.get_locals_reader()? {
                    locals += u64::from(group?.0);
                }
                extent.locals = extent.locals.max(locals);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn component(
        &mut self,
        payload: Payload<'_>,
        frames: &mut [Frame],
        outermost: bool,
        bytes: &[u8],
        limits: &Limits,
    ) -> Result<(), LoadError> {
        let Some(frame) = frames.last_mut() else { return Ok(()) };
        let extent = &mut self.extent;
        match payload {
            // What is kept of each is larger than what it is written with: so none is read of too many.
            Payload::ComponentImportSection(section) => {
                extent.imports += u64::from(section.count());
                limits.check(extent)?;
                for import in section {
                    let import = import?;
                    extent.named(import.name.name);
                    match import.ty {
                        ComponentTypeRef::Module(_) => frame.modules.push(None),
                        ComponentTypeRef::Component(_) => frame.components.push(None),
                        _ => {}
                    }
                    if outermost {
                        self.imports.push(import.name.name.to_owned());
                    }
                }
            }
            Payload::ComponentExportSection(section) => {
                extent.exports += u64::from(section.count());
                limits.check(extent)?;
                for export in section {
                    let export = export?;
                    extent.named(export.name.name);
                    frame.export(&export);
                    if outermost {
                        self.exports.push(export.name.name.to_owned());
                    }
                }
            }
            Payload::InstanceSection(section) => {
                for instance in section {
                    match instance? {
                        Instance::Instantiate { module_index, .. } => {
                            let takes = frame.modules.get(module_index as usize).copied().flatten();
                            frame.takes.add(takes.ok_or(LoadError::Unforeseeable)?);
                        }
                        Instance::FromExports(_) => {
                            frame.takes.add(Takes { instances: 1, ..Takes::default() });
                        }
                    }
                }
            }
            Payload::ComponentInstanceSection(section) => {
                for instance in section {
                    if let ComponentInstance::Instantiate { component_index, .. } = instance? {
                        let takes = frame.components.get(component_index as usize).copied().flatten();
                        frame.takes.add(takes.ok_or(LoadError::Unforeseeable)?);
                    }
                }
            }
            Payload::ComponentAliasSection(section) => {
                extent.exports += u64::from(section.count());
                limits.check(extent)?;
                aliases(section, frames)?;
            }
            Payload::ComponentCanonicalSection(section) => extent.functions += u64::from(section.count()),
            Payload::CoreTypeSection(section) => extent.types += u64::from(section.count()),
            Payload::ComponentTypeSection(section) => {
                let of_section = bytes.get(section.range()).unwrap_or_default();
                extent.component_types(BinaryReader::new(of_section, section.range().start), limits)?;
            }
            _ => {}
        }
        Ok(())
    }
}

impl Frame {
    /// What is exported has an index of its own from there on.
    fn export(&mut self, export: &ComponentExport<'_>) {
        let space = match export.kind {
            ComponentExternalKind::Module => &mut self.modules,
            ComponentExternalKind::Component => &mut self.components,
            _ => return,
        };
        let takes = space.get(export.index as usize).copied().flatten();
        space.push(takes);
    }
}

fn aliases(section: ComponentAliasSectionReader<'_>, frames: &mut [Frame]) -> Read<()> {
    for alias in section {
        let (module, takes) = match alias? {
            ComponentAlias::InstanceExport { kind: ComponentExternalKind::Module, .. } => (true, None),
            ComponentAlias::InstanceExport { kind: ComponentExternalKind::Component, .. } => (false, None),
            ComponentAlias::Outer { kind, count, index } => {
                let outer = frames.len().checked_sub(count as usize + 1).and_then(|place| frames.get(place));
                let module = match kind {
                    ComponentOuterAliasKind::CoreModule => true,
                    ComponentOuterAliasKind::Component => false,
                    ComponentOuterAliasKind::CoreType | ComponentOuterAliasKind::Type => continue,
                };
                let space = outer.map(|frame| if module { &frame.modules } else { &frame.components });
                (module, space.and_then(|space| space.get(index as usize)).copied().flatten())
            }
            _ => continue,
        };
        if let Some(frame) = frames.last_mut() {
            (if module { &mut frame.modules } else { &mut frame.components }).push(takes);
        }
    }
    Ok(())
}

impl Extent {
    fn named(&mut self, name: &str) {
        self.name_bytes = self.name_bytes.max(name.len() as u64);
    }

    /// Walks the types of a section. The parser reads a type within a type by recursion, so that one nested deep enough
    /// would overflow the stack: here each level is a number.
    fn component_types(&mut self, mut reader: BinaryReader<'_>, limits: &Limits) -> Result<(), LoadError> {
        // How many declarations are still to be read, level by level, and whether imports are among them.
        let count = reader.read_var_u32()?;
        self.types += u64::from(count);
        let mut open = vec![(count, false)];
        while let Some((left, of_component)) = open.last_mut() {
            let Some(fewer) = left.checked_sub(1) else {
                open.pop();
                continue;
            };
            *left = fewer;
            let of_component = *of_component;
            let is_type = open.len() == 1 || {
                match reader.clone().read_u8()? {
                    0x01 => {
                        reader.read_u8()?;
                        self.types += 1;
                        true
                    }
                    0x03 if of_component => {
                        reader.read_u8()?;
                        self.named(reader.read::<ComponentImport<'_>>()?.name.name);
                        false
                    }
                    _ => {
                        if let InstanceTypeDeclaration::Export { name, .. } = reader.read()? {
                            self.named(name.name);
                        }
                        false
                    }
                }
            };
            if is_type {
                match reader.clone().read_u8()? {
                    byte @ (0x41 | 0x42) => {
                        reader.read_u8()?;
                        open.push((reader.read_var_u32()?, byte == 0x41));
                        self.depth = self.depth.max(open.len() as u64);
                        limits.check(self)?;
                    }
                    _ => drop(reader.read::<ComponentType<'_>>()?),
                }
            }
        }
        Ok(())
    }
}

//! Folders with an OCI image layout.

use std::fs;
use std::path::{Path, PathBuf};

use greenroom_model::{Digest, Signatures};

use super::{COMPONENT, bring, get, keeps_what_it_is_given, refused};

fn none() -> Signatures {
    Signatures::default()
}

/// A folder with a component in it, and the file of a blob.
fn filled() -> (tempfile::TempDir, String, impl Fn(&Digest) -> PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let name = format!("oci:{}", folder.path().join("store").display());
    bring(&name, &none()).unwrap();
    let blobs = folder.path().join("store/blobs/sha256");
    (folder, name, move |digest| blobs.join(digest.hex()))
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn a_folder_keeps_what_it_is_given() {
    let folder = tempfile::tempdir().unwrap();
    keeps_what_it_is_given(&format!("oci:{}", folder.path().join("store").display()));
}

/// Another digest here breaks every pin that somebody wrote down.
#[test]
fn the_same_component_is_the_same_manifest_everywhere_and_always() {
    let (_folder, name, blob) = filled();
    let pushed = bring(&name, &none()).unwrap();
    let manifest = text(&blob(&pushed.manifest));
    let layer = Digest::of(COMPONENT);
    let config = format!(
        "{{\"created\":\"1970-01-01T00:00:00Z\",\"architecture\":\"wasm\",\"os\":\"wasip2\",\"layerDigests\":[\"{layer}\"],\
         \"component\":{{\"exports\":[\"greenroom:agent/policy@0.2.0\"],\"imports\":[\"greenroom:agent/log@0.2.0\"]}}}}"
    );
    let of = Digest::of(config.as_bytes());
    let expected = format!(
        "{{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\
         \"artifactType\":\"application/vnd.wasm.config.v0+json\",\
         \"config\":{{\"mediaType\":\"application/vnd.wasm.config.v0+json\",\"digest\":\"{of}\",\"size\":{}}},\
         \"layers\":[{{\"mediaType\":\"application/wasm\",\"digest\":\"{layer}\",\"size\":{}}}],\
         \"annotations\":{{\"dev.greenroom.contract\":\"greenroom:agent@0.2.0\",\
         \"org.opencontainers.image.source\":\"https://example.com/agents at 1f3a\",\
         \"org.opencontainers.image.title\":\"ease\"}}}}",
        config.len(),
        COMPONENT.len(),
    );
    assert_eq!(manifest, expected);
    assert_eq!(text(&blob(&of)), config);
}

#[test]
fn a_layout_is_as_the_specification_has_it_and_keeps_what_others_put_there() {
    let (folder, name, _) = filled();
    let store = folder.path().join("store");
    assert_eq!(text(&store.join("oci-layout")), "{\"imageLayoutVersion\":\"1.0.0\"}");
    let other = format!(
        "{{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"{}\",\"size\":7,\
         \"platform\":{{\"os\":\"linux\"}}}}",
        Digest::of(b"an image")
    );
    let index = text(&store.join("index.json")).replace("\"manifests\":[", &format!("\"x\":1,\"manifests\":[{other},"));
    fs::write(store.join("index.json"), index).unwrap();
    bring(&format!("{name}:next"), &none()).unwrap();
    let index = text(&store.join("index.json"));
    assert!(index.contains("\"platform\":{\"os\":\"linux\"}") && index.contains("\"x\":1"), "{index}");
    assert!(index.contains("\"org.opencontainers.image.ref.name\":\"next\""), "{index}");
    assert_eq!(
        (get(&name).unwrap().bytes, get(&format!("{name}:next")).unwrap().bytes),
        (COMPONENT.into(), COMPONENT.into())
    );
}

#[test]
fn what_was_changed_on_the_disk_is_not_handed_on() {
    let (_folder, name, blob) = filled();
    let pulled = get(&name).unwrap();
    let (component, manifest) = (blob(&pulled.component), blob(&pulled.manifest));
    let mut changed = COMPONENT.to_vec();
    changed[9] ^= 1;
    fs::write(&component, &changed).unwrap();
    refused(get(&name), &format!("its component is {}, where its manifest says", Digest::of(&changed)));
    fs::write(&component, [COMPONENT, b"more"].concat()).unwrap();
    refused(get(&name), "where its manifest says");
    fs::write(&component, &COMPONENT[..9]).unwrap();
    refused(get(&name), "its component has 9 bytes, where its manifest says");
    fs::remove_file(&component).unwrap();
    refused(get(&name), &format!("has no blob {}", pulled.component));
    // Whoever pushes it again mends it.
    bring(&name, &none()).unwrap();
    assert_eq!(get(&name).unwrap().bytes, COMPONENT);
    fs::write(&manifest, text(&manifest).replace("ease", "else")).unwrap();
    refused(get(&name), "has other bytes");
}

#[test]
fn a_folder_that_is_no_layout_is_told_as_that() {
    let folder = tempfile::tempdir().unwrap();
    refused(get(&format!("oci:{}", folder.path().display())), "it is no OCI image layout");
    fs::write(folder.path().join("oci-layout"), "{\"imageLayoutVersion\":\"2.0.0\"}").unwrap();
    refused(
        get(&format!("oci:{}", folder.path().display())),
        "its layout has the version \"2.0.0\", expected \"1.0.0\"",
    );
}

#[test]
fn those_who_push_at_once_do_not_undo_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let name = format!("oci:{}", folder.path().join("store").display());
    std::thread::scope(|scope| {
        for tag in 0..8 {
            let tagged = format!("{name}:{tag}");
            scope.spawn(move || bring(&tagged, &none()).unwrap());
        }
    });
    (0..8).for_each(|tag| assert_eq!(get(&format!("{name}:{tag}")).unwrap().bytes, COMPONENT));
}

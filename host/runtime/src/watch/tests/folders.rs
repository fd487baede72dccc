//! Files behind links, and folders that come and go.

use super::*;

#[test]
fn a_folder_in_the_place_of_a_file_is_told_and_so_is_the_file_that_comes_back() {
    both(|w| {
        w.write("a", "one");
        w.set(&["a"]);
        w.told(&[("a", "one")]);
        fs::remove_file(w.path("a")).unwrap();
        fs::create_dir(w.path("a")).unwrap();
        w.told(&[("a", "(folder)")]);
        w.write("a/inside", "of no interest");
        w.quiet();
        fs::remove_dir_all(w.path("a")).unwrap();
        w.write("a", "two");
        w.told(&[("a", "two")]);
    });
}

#[test]
fn a_link_that_leads_elsewhere_is_a_change_and_so_is_one_of_its_target() {
    both(|w| {
        fs::create_dir(w.path("far")).unwrap();
        w.write("far/one", "one");
        w.write("far/two", "two");
        symlink("far/one", w.path("a")).unwrap();
        w.set(&["a"]);
        w.told(&[("a", "one")]);
        symlink(w.path("far/two"), w.path("a.new")).unwrap();
        w.rename("a.new", "a");
        w.told(&[("a", "two")]);
        w.write("far/two", "three");
        w.told(&[("a", "three")]);
        w.write("far/one", "nobody is led there");
        w.quiet();
    });
}

#[test]
fn a_swapped_folder_link_is_a_change_as_kubernetes_makes_it() {
    both(|w| {
        let publish = |version: &str, content: &str| {
            fs::create_dir(w.path(version)).unwrap();
            w.write(&format!("{version}/graph"), content);
            symlink(version, w.path("..data_tmp")).unwrap();
            w.rename("..data_tmp", "..data");
        };
        publish("..1", "one");
        symlink("..data/graph", w.path("graph")).unwrap();
        w.set(&["graph", "..data/graph"]);
        w.told(&[("..data/graph", "one"), ("graph", "one")]);
        for (version, content, old) in [("..2", "two", "..1"), ("..3", "three", "..2"), ("..1", "four", "..3")] {
            publish(version, content);
            fs::remove_dir_all(w.path(old)).unwrap();
            w.told(&[("..data/graph", content), ("graph", content)]);
        }
        w.quiet();
    });
}

#[test]
fn a_file_may_come_in_folders_that_are_not_there_yet_and_go_with_them() {
    both(|w| {
        w.set(&["x/y/z/a"]);
        w.told(&[("x/y/z/a", "(absent)")]);
        for content in ["one", "two"] {
            fs::create_dir(w.path("x")).unwrap();
            fs::create_dir_all(w.path("x/y/z")).unwrap();
            w.write("x/y/z/a", content);
            w.told(&[("x/y/z/a", content)]);
            w.write("x/y/z/a", "more");
            w.told(&[("x/y/z/a", "more")]);
            fs::remove_dir_all(w.path("x")).unwrap();
            w.told(&[("x/y/z/a", "(absent)")]);
        }
    });
}

#[test]
fn a_folder_that_is_put_in_the_place_of_another_is_listened_to_instead() {
    both(|w| {
        for (folder, content) in [("now", "one"), ("next", "two")] {
            fs::create_dir(w.path(folder)).unwrap();
            w.write(&format!("{folder}/a"), content);
        }
        w.set(&["now/a"]);
        w.told(&[("now/a", "one")]);
        w.rename("now", "before");
        w.rename("next", "now");
        w.told(&[("now/a", "two")]);
        w.write("before/a", "nobody looks there");
        w.quiet();
        w.write("now/a", "three");
        w.told(&[("now/a", "three")]);
        // Away, and the same one back.
        w.rename("now", "away");
        w.told(&[("now/a", "(absent)")]);
        w.rename("away", "now");
        w.told(&[("now/a", "three")]);
        w.write("now/a", "four");
        w.told(&[("now/a", "four")]);
    });
}

"""What pages show is compiled from the pages themselves."""

# Of the first fence after the line that names the file. What is in the folder my/ there is here.
_TAKE = """awk '
$$0 == "`my/{file}`:" {{ wanted = 1 }}
wanted && /^```/ {{ if (inside) exit; inside = 1; next }}
inside {{ gsub(/my\\//, "docs/"); print }}
END {{ if (!inside) {{ print "{page} shows no my/{file}" > "/dev/stderr"; exit 1 }} }}
' $< > $@"""

def page_files(page, files):
    """Takes files from a page, where each stands in a fence after a line `my/NAME`: with a colon.

    Args:
      page: the page's file.
      files: their names, without the folder.
    """
    for file in files:
        native.genrule(
            name = file.replace(".", "_") + "_of_page",
            srcs = [page],
            outs = [file],
            cmd = _TAKE.format(file = file, page = page),
        )

# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How Sphinx builds the site from what arrange.py has made of antsibull-docs' pages; see noxfile.py."""

from __future__ import annotations

project = "flant.gitops"
html_title = project
copyright = "flant.gitops contributors"  # noqa: A001 -- the name that Sphinx reads

extensions = ["sphinx_antsibull_ext"]
default_role = "any"
highlight_language = "YAML+Jinja"
suppress_warnings = [
    "ref.envvar",
    "ref.ref",
]  # antsibull-docs refers to Ansible's own documentation, which is not downloaded here

html_theme = "furo"
html_theme_options = {"sidebar_hide_name": False}
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_use_index = False
html_domain_indices = False

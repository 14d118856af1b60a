# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How Sphinx builds the site from what antsibull-docs writes, see the session docs of noxfile.py."""

from __future__ import annotations

project = "flant.gitops"
title = project
html_short_title = project
copyright = "flant.gitops contributors"  # noqa: A001 -- the name that Sphinx reads

extensions = ["sphinx_antsibull_ext"]
default_role = "any"
highlight_language = "YAML+Jinja"
pygments_style = "ansible"
suppress_warnings = [
    "ref.envvar",
    "ref.ref",
]  # antsibull-docs refers to Ansible's own documentation, which is not downloaded here

html_theme = "sphinx_ansible_theme"
html_theme_options = {"documentation_home_url": "", "topbar_links": {}}
html_copy_source = False
html_show_sphinx = False
html_use_index = False
html_use_modindex = False

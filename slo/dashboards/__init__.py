"""Grafana dashboards as typed code. For developers only: nothing that runs in production imports this package.

``boards/``     one module is one dashboard
``parts.py``    panels, queries, variables and limits that they are made of
``lint.py``     metrics and labels that a query names exist
``live.py``     every query answers, asked of a Prometheus
``schema.py``   the JSON fits Grafana's own types

``python -m slo.dashboards write`` makes ``deploy/grafana/`` anew, ``check`` says whether it is up to date.
"""

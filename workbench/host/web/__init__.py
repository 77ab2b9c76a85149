"""What people find of the services: the web server, the landing page, an answer."""

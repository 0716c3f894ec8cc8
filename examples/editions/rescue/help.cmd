@echo Call the hotline.

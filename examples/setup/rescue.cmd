wpeinit
echo Rescue
